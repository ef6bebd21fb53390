"""Which package encodes: fastokens where it gives the ids of `tokenizers`, as far as can be seen, else `tokenizers`.

Seen on the hard texts of `hard_texts.py`, on the tokenizer's own added tokens as text, and on a sample of the run's
texts. The choice is made once, where the sample is, and travels to the tasks as a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.tokenizer.config import WantedEncoder
from pipelines.tokenizer.encode import Encoder, EncoderName, id_column
from pipelines.tokenizer.hard_texts import hard_texts
from pipelines.tokenizer.library import Library
from pipelines.tokenizer.load import LoadedTokenizer, TokenizerError


@dataclass(frozen=True)
class EncoderChoice:
    """The package that encodes, and the reason in words."""

    name: EncoderName
    why: str


def choose_encoder(tokenizer: LoadedTokenizer, sample: Sequence[str], wanted: WantedEncoder = "auto") -> EncoderChoice:
    """Compares both packages on the hard texts and on `sample`.

    Args:
        tokenizer: what is encoded with.
        sample: texts of the run; the comparison takes about a second for each megabyte.
        wanted: `tokenizers` compares nothing; `fastokens` insists on it.

    Raises:
        TokenizerError: fastokens is insisted on, and does not read the tokenizer or gives other ids.
    """
    library = Library(tokenizer.json)
    if wanted == "tokenizers":
        return EncoderChoice("tokenizers", f"the configuration names it; {library.path}")
    texts = [*hard_texts(tokenizer.added_tokens), *sample]
    trouble = _trouble(tokenizer, library, texts)
    if not trouble:
        return EncoderChoice("fastokens", f"the ids of tokenizers on {len(texts)} texts, {len(sample)} of the run's")
    if wanted == "fastokens":
        raise TokenizerError(f"`encoder: fastokens` cannot be: {trouble}")
    return EncoderChoice("tokenizers", f"{trouble}; {library.path}")


def _trouble(tokenizer: LoadedTokenizer, library: Library, texts: list[str]) -> str:
    """Why fastokens cannot be used; empty when it can."""
    try:
        found, _ = Encoder(tokenizer, "fastokens").encode(pa.array(texts, pa.large_string()))
    except (KeyboardInterrupt, SystemExit):
        raise
    except ImportError:
        return "fastokens is not installed"
    except BaseException as error:  # a panic in Rust is no Exception
        return f"fastokens does not read this tokenizer: {error}"
    expected, _ = id_column(*library.encode_whole(texts), tokenizer.dtype)
    for text, ids, true_ids in zip(texts, found, expected, strict=True):
        if ids != true_ids:
            return f"fastokens gives other ids for {text[:60]!r}"
    return ""

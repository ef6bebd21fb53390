"""Chooses the package that encodes: fastokens if it gives the ids of `tokenizers` on all compared texts.

Seen on the hard texts of `hard_texts.py`, on the tokenizer's own added and unmerged tokens as text, and on a sample
of the run's texts. The choice is made once, where the sample is, and travels to the tasks as a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.tokenizer.config import WantedEncoder
from pipelines.tokenizer.encode import EncoderName, id_column
from pipelines.tokenizer.fast import Fast, not_for_fastokens
from pipelines.tokenizer.hard_texts import hard_texts
from pipelines.tokenizer.library import Library
from pipelines.tokenizer.load import LoadedTokenizer, TokenizerError


@dataclass(frozen=True)
class EncoderChoice:
    """The package that encodes, and why it was chosen."""

    name: EncoderName
    why: str


def choose_encoder(tokenizer: LoadedTokenizer, sample: Sequence[str], wanted: WantedEncoder = "auto") -> EncoderChoice:
    """Compares both packages on the hard texts and on `sample`.

    Args:
        tokenizer: the tokenizer to encode with.
        sample: texts of the run; the comparison takes about a second for each megabyte.
        wanted: `tokenizers` skips the comparison; `fastokens` makes a failed one an error.

    Raises:
        TokenizerError: `wanted` is `fastokens`, but it cannot read the tokenizer or gives other ids.
    """
    library = Library(tokenizer.json)
    if wanted == "tokenizers":
        return EncoderChoice("tokenizers", f"the configuration names it; {library.path}")
    texts = [*hard_texts(tokenizer.tokens_without_merge), *sample]
    trouble = _trouble(tokenizer, library, texts)
    if not trouble:
        return EncoderChoice("fastokens", f"same ids as tokenizers on {len(texts)} texts, {len(sample)} of the run's")
    if wanted == "fastokens":
        raise TokenizerError(f"`encoder: fastokens` is not possible: {trouble}")
    return EncoderChoice("tokenizers", f"{trouble}; {library.path}")


def _trouble(tokenizer: LoadedTokenizer, library: Library, texts: list[str]) -> str:
    """Why fastokens cannot be used; empty when it can. Texts that it would not be given are not compared."""
    given = pa.array(texts, pa.large_string())
    given = given.filter(pa.array(~not_for_fastokens(given)))
    try:
        found, _ = id_column(*Fast(tokenizer.json).encode(given), tokenizer.dtype)
    except (KeyboardInterrupt, SystemExit):
        raise
    except ImportError:
        return "fastokens is not installed"
    except BaseException as error:  # a panic in Rust is a BaseException
        return f"fastokens cannot read this tokenizer: {error}"
    texts = given.to_pylist()
    expected, _ = id_column(*library.encode_whole(texts), tokenizer.dtype)
    for text, ids, true_ids in zip(texts, found, expected, strict=True):
        if ids != true_ids:
            return f"fastokens gives other ids for {text[:60]!r}"
    return ""

"""Counts tokens with the tokenizer that made the lake's table `tokens`."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa

from lake.lake import Lake
from pipelines.errors import MissingPathError

if TYPE_CHECKING:
    import numpy as np

    from pipelines.tokenizer.encode import Encoder


def tokenizer_in_force(lake: Lake) -> str | None:
    """The fingerprint of the tokenizer that made the newest rows of `tokens`; None without tokens."""
    last = lake.last_own_commit("tokens")
    return last.metadata.detail.get("tokenizer") if last and last.metadata else None


def token_counter(lake: Lake, fingerprint: str) -> "TokenCounter":
    """A counter with the lake's copy of a tokenizer.

    Raises:
        MissingPathError: the lake has no such file.
    """
    from pipelines.tokenizer.load import parse

    for entry in lake.storage.entries("tokenizers"):
        text = lake.storage.read_text(f"tokenizers/{entry.name}")
        if text is not None and (loaded := parse(text, entry.name)).fingerprint == fingerprint:
            return TokenCounter(loaded.json)
    raise MissingPathError(
        f"{lake.root}: tokenizers/ has no file of the tokenizer {fingerprint}, which made the table tokens; "
        "`tokenlake stage tokenize CONFIG` makes both again"
    )


@dataclass(frozen=True)
class TokenCounter:
    """Texts (n,) -> tokens (n,) int64 of each, and how many of these are the unknown token."""

    json: str  # of the tokenizer

    def __call__(self, texts: pa.StringArray) -> tuple[pa.Array, pa.Array]:
        """Counts; adds no special tokens."""
        import numpy as np

        encoder, dtype, unknown = _ready(self.json)
        column, counts = encoder.encode(texts)
        ids = np.frombuffer(column.buffers()[2] or b"", dtype, int(counts.sum()))
        before = np.concatenate([[0], np.cumsum(ids == unknown)])
        ends = np.cumsum(counts)
        return pa.array(counts), pa.array(before[ends] - before[ends - counts])


@lru_cache(maxsize=2)
def _ready(content: str) -> "tuple[Encoder, np.dtype, int]":
    """Built once per worker process: encoder, type of ids, id of the unknown token or -1."""
    import json

    from pipelines.tokenizer.encode import Encoder, one_thread
    from pipelines.tokenizer.load import LoadedTokenizer

    one_thread()
    loaded = LoadedTokenizer(content)
    model = json.loads(content)["model"]
    unknown = model.get("unk_id")
    if unknown is None:
        unknown = loaded.vocabulary.get(model.get("unk_token") or "", -1)
    return Encoder(loaded), loaded.dtype, int(unknown)

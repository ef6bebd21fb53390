"""The inputs and outputs of readers of sentence pairs: files, pairs and rejects."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipelines.bitext.config import PairSourceConfig
from pipelines.readers.record import SAMPLE_BYTES, InputFile, Reason, Reject, accept, storable
from pipelines.readers.record import Document as _Accepted


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and its translation, as they stand in the file; `meta` holds the record's other fields."""

    position: int
    source: str
    target: str
    meta: Mapping[str, str] = field(default_factory=dict)


PairRecords = Iterator[Pair | Reject]


@dataclass(frozen=True, slots=True)
class PairFile:
    """A file of pairs; of a Moses corpus the file of the source language and, `beside` it, that of the target."""

    file: InputFile
    format: str  # moses | tsv | tmx | po | mo; empty where there is a problem
    config: PairSourceConfig
    beside: InputFile | None = None
    problem: Reject | None = None  # the file becomes this reject

    @property
    def size(self) -> int:
        """Bytes of both files."""
        return self.file.size + (self.beside.size if self.beside else 0)

    @property
    def fingerprint(self) -> str:
        """Of both files' contents."""
        return "+".join(each.fingerprint for each in (self.file, self.beside) if each)


@dataclass(frozen=True, slots=True)
class PairSplit:
    """A piece of a file of pairs that one task reads: the records that start in bytes [start, end)."""

    of: PairFile
    start: int
    end: int


def pair_id(source: str, path: str, position: int, source_text: str, target_text: str) -> str:
    """32 hex digits of BLAKE2b-128 (RFC 7693) over the fields, each preceded by its length as 8 bytes little-endian.

    Depends on where a pair stands in its source, not on where the source is mounted.
    """
    digest = hashlib.blake2b(digest_size=16, person=b"pair")
    for value in (source.encode(), path.encode(), b"%d" % position, source_text.encode(), target_text.encode()):
        digest.update(len(value).to_bytes(8, "little"))
        digest.update(value)
    return digest.hexdigest()


def pair(position: int, source: str, target: str, meta: Mapping[str, str], sample: bytes) -> Pair | Reject:
    """The last check of every pair, whatever its format: both sides hold text that can be stored."""
    for side, text in (("source", source), ("target", target)):
        checked = accept(position, text, {}, sample)
        if not isinstance(checked, _Accepted):
            return Reject(position, checked.reason, f"{side}: {checked.detail}", checked.sample)
    return Pair(position, source, target, {storable(key): storable(value) for key, value in meta.items()})


def rejected(position: int, reason: Reason, detail: str, text: str | bytes = b"") -> Reject:
    """A reject with the first bytes of what was read."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return Reject(position, reason, storable(detail), data[:SAMPLE_BYTES])

"""Records that were retracted: a reader that meets one makes a reject of it, without a byte of its content.

docs/explanation/identity.md states the rules.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pipelines.readers.record import Document, InputFile, Reason, Reject

Place = tuple[str, str]  # (source, or uri of a file; path, hash of a text, or url)


@dataclass(frozen=True)
class Retracted:
    """What not to read; the values of the mappings are doc_ids of the retractions."""

    files: Mapping[Place, str] = field(default_factory=dict)  # (source, path): nothing of the file
    closed: Mapping[str, str] = field(default_factory=dict)  # uri: the same, whatever its source is called
    texts: Mapping[Place, str] = field(default_factory=dict)  # (source or uri, `text_hash`)
    urls: Mapping[Place, str] = field(default_factory=dict)  # (source or uri, url)
    positions: Mapping[tuple[str, str, str], Mapping[int, str]] = field(default_factory=dict)
    """(source, path, fingerprint) -> position: records of a file as it was when they were last met."""
    touched: Collection[str] = ()  # uris of files that hold, or held, such records
    touched_places: Collection[Place] = ()  # (source, path) of them

    def applied(self, file: InputFile, record: Document | Reject) -> Document | Reject:
        """The record; if it was retracted, a reject that says so.

        Other rejects of a file that held such a record lose their sample, which could be a piece of it.
        """
        retraction = self._retraction(file, record)
        if retraction is not None:
            return Reject(record.position, Reason.RETRACTED, retraction)
        held_some = file.uri in self.touched or (file.source, file.path) in self.touched_places
        if isinstance(record, Reject) and held_some:
            return Reject(record.position, record.reason)
        return record

    def _retraction(self, file: InputFile, record: Document | Reject) -> str | None:
        here = self.files.get((file.source, file.path)) or self.closed.get(file.uri)
        if here is None:
            here = self.positions.get((file.source, file.path, file.fingerprint), {}).get(record.position)
        if here is not None or isinstance(record, Reject):
            return here
        url = record.meta.get("url")
        if url is not None and (found := self._found(self.urls, file, url)) is not None:
            return found
        return self._found(self.texts, file, text_hash(record.text)) if self.texts else None

    def _found(self, retractions: Mapping[Place, str], file: InputFile, value: str) -> str | None:
        """By the source, or by the file itself, whose source may have another name now."""
        return retractions.get((file.source, value)) or retractions.get((file.uri, value))


def text_hash(text: str) -> str:
    """The first 32 hex digits of the SHA-256 (FIPS 180-4) of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]

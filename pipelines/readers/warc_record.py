"""A record of a web archive (ISO 28500), its own header and that of the HTTP response in it parsed."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.readers import header_fields, http_response, payload_type
from pipelines.readers.config import SourceConfig
from pipelines.readers.header_fields import Fields
from pipelines.readers.http_payload import payload
from pipelines.readers.http_response import Response
from pipelines.readers.record import Reason, storable
from pipelines.readers.storage import ReadError
from pipelines.readers.warc_frames import Frame

_KEPT = {"url": "WARC-Target-URI", "id": "WARC-Record-ID", "date": "WARC-Date"}


@dataclass(frozen=True, slots=True)
class Record:
    """A record."""

    kind: str  # its WARC-Type
    fields: Fields
    block: bytes
    response: Response | None  # in the block

    @property
    def media(self) -> str:
        """What the archive identified, else what the server said, else what the archive did; empty for nothing."""
        identified = payload_type.named(self.fields.all("WARC-Identified-Payload-Type"))
        return payload_type.named(self.content_types) if payload_type.says_nothing(identified) else identified

    @property
    def content_types(self) -> Sequence[str]:
        """Of the response, or of the record where it holds none."""
        return (self.response.fields if self.response else self.fields).all("Content-Type")

    @property
    def cut(self) -> str:
        """Why the archive cut the record, empty when it did not."""
        if self.fields.all("WARC-Truncated"):
            return storable(self.fields.first("WARC-Truncated").lower()) or "unspecified"
        return "segment" if self.fields.all("WARC-Segment-Number") else ""

    def payload(self, limits: SourceConfig) -> bytes:
        """The payload, its codings undone.

        Raises:
            ReadError: a coding cannot be undone.
        """
        if self.response is None:
            return self.block
        return payload(self.response.fields, self.response.body, limits, bool(self.cut))

    def meta(self) -> dict[str, str]:
        """What a document keeps of the headers."""
        found = {name: storable(self.fields.first(field)) for name, field in _KEPT.items()}
        found["url"] = found["url"].removeprefix("<").removesuffix(">")  # as the grammar of WARC 1.0 has it
        found["http_status"] = str(self.response.status) if self.response else ""
        found["warc_truncated"] = self.cut
        return {name: value for name, value in found.items() if value}


def parse(frame: Frame) -> Record:
    """The record in a frame.

    Raises:
        ReadError: the frame has a problem, or a header cannot be parsed.
    """
    if frame.problem:
        raise ReadError(frame.problem, frame.detail)
    fields, _ = header_fields.parse(frame.data[: frame.header], frame.data.find(b"\n") + 1)
    kind, block = fields.first("WARC-Type").lower(), frame.data[frame.header :]
    if not kind:
        raise ReadError(Reason.MALFORMED_RECORD, "no WARC-Type")
    stated = payload_type.named(fields.all("Content-Type"))
    is_http = kind == "response" and (stated == "application/http" or (not stated and http_response.starts(block)))
    return Record(kind, fields, block, http_response.parse(block) if is_http else None)

"""An HTTP response as an archive stores it: status, fields, and the body with its codings still on it (RFC 9112)."""

import re
from dataclasses import dataclass

from pipelines.readers import header_fields
from pipelines.readers.header_fields import Fields
from pipelines.readers.record import Reason
from pipelines.readers.storage import ReadError

# Blank lines before it, any version or none, any spacing, no phrase: all of these are written, and read by browsers.
_STATUS_LINE = re.compile(rb"(?i)\s*HTTP(?:/\d+(?:\.\d+)?)?[ \t]+([1-9]\d\d)(?!\d)[^\n]*\n?")
# RFC 9110, 15.2: interim responses, such as 100 Continue, have no content, and the final one follows them.
_FIRST_FINAL = 200


@dataclass(frozen=True, slots=True)
class Response:
    """A final response."""

    status: int
    fields: Fields
    body: bytes


def parse(block: bytes) -> Response:
    """The response in the block of an archive's record; interim responses before it are passed over.

    Raises:
        ReadError: there is no status line, none of a final response, or its header has no end.
    """
    at, status = 0, 0
    while status < _FIRST_FINAL:
        line = _STATUS_LINE.match(block, at)
        if not line:
            missing = f"with only the interim status {status}" if status else "without a status line"
            raise ReadError(Reason.MALFORMED_RECORD, f"an HTTP response {missing}")
        status = int(line[1])
        try:
            fields, at = header_fields.parse(block, line.end())
        except ValueError as error:
            raise ReadError(Reason.MALFORMED_RECORD, f"an HTTP response with {error}") from error
    return Response(status, fields, block[at:])


def starts(block: bytes) -> bool:
    """Whether a block looks like an HTTP response."""
    return _STATUS_LINE.match(block[:256]) is not None

"""Files called `.json`, by their content: an object on each line, objects one after the other, or an array of objects.

The first value decides, for all splits of a file alike. A position is the byte offset of the line or of the value; in
a file of values in another encoding than UTF-8, its offset in the file's text as UTF-8. Values are read one after the
other, so an array may be larger than memory. Files of lines are read as JSON Lines are, and can be split.
"""

import json
import re
from collections.abc import Iterator

from pipelines.readers.decompress import Damage
from pipelines.readers.json_values import values
from pipelines.readers.jsonl import document, objects
from pipelines.readers.line_reader import Text, first_bytes, record_limit
from pipelines.readers.record import SAMPLE_BYTES, ReadStatistics, Reason, Records, Reject, Split
from pipelines.readers.storage import open_source

_HEAD = 64 << 10
_OBJECT_ON_A_LINE = re.compile(rb"\n[ \t]*\{")
_SPACE = b" \t\r\n"


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The objects that start in the split; those of a file that is no JSON Lines are all read by its first split.

    Raises:
        ReadError: the file cannot be opened.
    """
    with open_source(split.file, statistics) as source:
        text = Text(source, split, in_utf8=True)
        head = first_bytes(text.content(), _HEAD).removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)
        first = head[:1]
        if first == b"{" and _is_whole(_first_line(text.content(), record_limit(split)[0])):
            yield from objects(Text(source, split, only_utf8=True), split, statistics)
        elif first in (b"", b"{", b"[", b"\x1e"):
            yield from _values(text, split, statistics)
        elif _OBJECT_ON_A_LINE.search(head):  # behind a damaged first line
            yield from objects(Text(source, split, only_utf8=True), split, statistics)
        elif split.start == 0:
            statistics.rows += 1
            detail = "neither JSON Lines, nor a JSON object, nor an array of objects"
            yield Reject(0, Reason.MALFORMED_JSON, detail, head[:SAMPLE_BYTES])


def _values(text: Text, split: Split, statistics: ReadStatistics) -> Records:
    if split.start > 0:
        return
    position = -1
    for value in values(text.content(), *record_limit(split)):
        statistics.rows += 1
        position = value.position
        yield value.reject() if value.problem else document(position, value.data, split, text)
    if position < 0:
        statistics.rows += 1
        yield Reject(0, Reason.EMPTY, "no JSON object")


def _first_line(chunks: Iterator[bytes | Damage], limit: int) -> bytes:
    """The first line that is not blank, without its line end; only its beginning, if it is longer than the limit."""
    held = bytearray()
    for chunk in chunks:
        held += chunk if isinstance(chunk, bytes) else b""
        if not held.isspace() and (b"\n" in held.lstrip(_SPACE) or len(held) > limit):
            break
    return bytes(held).removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE).partition(b"\n")[0]


def _is_whole(line: bytes) -> bool:
    """Whether a line is an object of its own, well-formed or broken, rather than the beginning of a longer text."""
    text = line.decode("utf-8", "replace").rstrip()
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        return text[error.pos :] not in ("", ",")
    except (ValueError, RecursionError):
        return True
    return not text[end:].lstrip().startswith((",", "{"))

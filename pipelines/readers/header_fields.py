"""Header fields of archive records and HTTP messages (RFC 9112, section 5; ISO 28500), as crawlers have written them.

Read leniently, as browsers and other archive tools do: lines end in CRLF or LF, spaces may stand around names and
values, a value may go on in lines that begin with a space, values are UTF-8 or Latin-1, and a line that is no field is
passed over. A header ends at an empty line, at the end of the data, or where markup begins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LIMIT = 256 << 10  # bytes: no server or browser takes a longer header

_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:")


@dataclass(frozen=True, slots=True)
class Fields:
    """The values of each field, in order, by its name in lower case."""

    values: Mapping[str, Sequence[str]]

    def all(self, name: str) -> Sequence[str]:
        """Every value of a field, whatever the case of its name."""
        return self.values.get(name.lower(), ())

    def first(self, name: str) -> str:
        """The first value of a field, empty when there is none."""
        return next(iter(self.all(name)), "")


def parse(data: bytes, start: int = 0) -> tuple[Fields, int]:
    """The fields of the header that begins at `start`, and where its content begins.

    Raises:
        ValueError: the header does not end within `LIMIT` bytes.
    """
    found: list[tuple[bytes, list[bytes]]] = []
    at = start
    while at < len(data):
        if at - start > LIMIT:
            raise ValueError(f"a header that does not end within {LIMIT >> 10} KiB")
        end = data.find(b"\n", at) + 1 or len(data)
        line, folded = data[at:end].strip(), data[at] in b" \t"
        if data[at] == ord("<"):
            return _fields(found), at
        if not line and not (folded and _FIELD.match(data, end)):
            return _fields(found), end
        if folded and found:
            found[-1][1].append(line)
        else:
            name, colon, value = line.partition(b":")
            found.append((name.rstrip() if colon else b"", [value.strip()]))
        at = end
    return _fields(found), len(data)


def _fields(found: Sequence[tuple[bytes, Sequence[bytes]]]) -> Fields:
    values: dict[str, list[str]] = {}
    for name, lines in found:
        if name:
            values.setdefault(_text(name).lower(), []).append(_text(b" ".join(filter(None, lines))))
    return Fields(values)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")

"""Plain text: a document is the file, a paragraph (between blank lines), or a line.

Framing, which is no row: line ends, and lines of nothing but white space when a document is a paragraph or a line.
"""

from collections.abc import Iterator

from pipelines.readers.line_reader import Line, Text, record_limit
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept
from pipelines.readers.storage import Source, open_source
from pipelines.readers.undecodable import EncodingError
from pipelines.readers.whole import decoded

_LOOK_BACK = 4 << 10


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The documents of a text file.

    Raises:
        ReadError: the file cannot be opened.
    """
    if split.config.unit == "document":
        yield from _file(split, statistics)
        return
    with open_source(split.file, statistics) as source:
        text = Text(source, split)
        units = text.lines() if split.config.unit == "line" else paragraphs(source, split, text)
        for unit in units:
            if unit.position >= text.end:
                return
            if unit.problem or unit.data.strip():
                statistics.rows += 1
                yield _document(unit, text)


def _file(split: Split, statistics: ReadStatistics) -> Records:
    whole = decoded(split, statistics)
    if isinstance(whole, Reject):
        yield whole
        return
    data, text = whole
    yield accept(0, text.text, text.meta(), data)


def _document(unit: Line, text: Text) -> Document | Reject:
    if unit.problem:
        return unit.reject()
    try:
        decoded = text.decode(unit.data)
    except EncodingError as error:
        return Reject(unit.position, Reason.ENCODING, str(error), unit.data[:256])
    return accept(unit.position, decoded.text.rstrip("\r\n"), decoded.meta(), unit.data)


def paragraphs(source: Source, split: Split, text: Text) -> Iterator[Line]:
    """Runs of lines between blank lines, as one `Line` each; one bad line makes the whole paragraph bad."""
    limit, too_long = record_limit(split)
    within = False  # of a paragraph that started before this split
    held: list[Line] = []
    length = 0
    for number, line in enumerate(text.lines()):
        if number == 0:
            within = not _follows_blank(source, line.position)
        if line.problem or line.data.strip():
            if not within:
                length += len(line.data) + 1
                # an oversized paragraph needs only its start
                if length <= limit or not held or line.problem:
                    held.append(line)
            continue
        if held:
            yield _joined(held, length, limit, too_long)
        elif line.position >= text.end:
            return
        within, held, length = False, [], 0
    if held:
        yield _joined(held, length, limit, too_long)


def _joined(held: list[Line], length: int, limit: int, too_long: Reason) -> Line:
    first = held[0]
    bad = next((line for line in held if line.problem), None)
    data = b"\n".join(line.data for line in held)
    if bad:
        return Line(first.position, data[:256], bad.problem, bad.detail)
    if length - 1 > limit:
        return Line(first.position, data[:256], too_long, f"longer than {limit:,} bytes")
    return Line(first.position, data)


def _follows_blank(source: Source, offset: int) -> bool:
    """Whether the line that starts at `offset` is the first, or the line before it is blank."""
    end = offset - 1
    while end > 0:
        begin = max(0, end - _LOOK_BACK)
        piece = source.at(begin, end - begin).rstrip(b" \t\r\v\f")
        if begin == 0:
            piece = piece.removeprefix(b"\xef\xbb\xbf")
        if piece:
            return piece.endswith(b"\n")
        end = begin
    return True

"""CSV (RFC 4180, or with backslashes) and TSV (IANA text/tab-separated-values: no quoting), with a header by default.

After a quote that is never closed, only its own line is lost, not the rest of the file. A position is the byte offset
of the row's first line. Framing, which is no row: the header, line ends, blank lines.
"""

from itertools import chain, islice

from pipelines.readers.delimited_rows import Row, Rows, escapes
from pipelines.readers.line_reader import Text
from pipelines.readers.meta import fields
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept, storable
from pipelines.readers.storage import open_source


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The rows that start in the split.

    Raises:
        ReadError: the file cannot be opened.
    """
    with open_source(split.file, statistics) as source:
        text = Text(source, split)
        allowed = escapes(text, split)
        top = next(Rows(text.lines(0), text, split, allowed), None)
        rows = Rows(text.lines(), text, split, allowed)
        rows.width = len(top[1]) if isinstance(top, tuple) else None
        columns, header_at = None, -1
        if split.config.header:
            columns, problem = _columns(top, split)
            if problem:
                if split.start == 0:
                    statistics.rows += 1
                    yield problem
                return
            header_at = top[0].position if isinstance(top, tuple) else -1
        following = list(islice(rows, 2 if split.start == 0 else 0))
        if columns and isinstance(top, tuple) and len(following) == 1:
            statistics.rows += 1
            yield Reject(header_at, Reason.EMPTY, "a header and no row behind it", top[0].data[:256])
        for row in chain(following, rows):
            position = row.position if isinstance(row, Reject) else row[0].position
            if position >= text.end:
                return
            if position > header_at:
                statistics.rows += 1
                yield row if isinstance(row, Reject) else _document(row, columns, split)


def _columns(header: Row | Reject | None, split: Split) -> tuple[list[str] | None, Reject | None]:
    """The column names, or why the file cannot be read without them: one reject for the file."""
    if header is None:
        return None, Reject(0, Reason.EMPTY, "no row, not even a header")
    if isinstance(header, Reject):
        return None, header
    line, columns, _ = header
    if split.config.text_column in columns:
        return columns, None
    detail = f"no column {split.config.text_column!r} in the header; columns: {', '.join(columns[:20])}"
    return None, Reject(line.position, Reason.MISSING_TEXT, storable(detail), line.data[:256])


def _document(row: Row, columns: list[str] | None, split: Split) -> Document | Reject:
    line, values, decoded = row
    sample = line.data[:256]
    names = columns or [str(number) for number in range(len(values))]
    if len(names) != len(values):
        detail = f"{len(values)} fields, the header has {len(names)}"
        return Reject(line.position, Reason.MALFORMED_ROW, detail, sample)
    record = dict(zip(names, values, strict=True))
    if split.config.text_column not in record:
        detail = f"no field {split.config.text_column!r} among {len(values)}, counted from 0"
        return Reject(line.position, Reason.MISSING_TEXT, detail, sample)
    meta = {name: record[column] for name, column in fields(split.config) if column in record}
    return accept(line.position, record[split.config.text_column], meta | decoded.meta(), line.data)

"""Pairs in columns, a line each, with tabs between them and no quoting: OPUS, Tatoeba, WikiMatrix.

A position is the byte offset of the line. Framing, which is no record: the header, line ends, blank lines.
"""

from pipelines.bitext.record import Pair, PairRecords, PairSplit, pair, rejected
from pipelines.readers.line_reader import Line, Text
from pipelines.readers.record import ReadStatistics, Reason, Reject, Split
from pipelines.readers.storage import open_source
from pipelines.readers.undecodable import EncodingError


def read(split: PairSplit, statistics: ReadStatistics) -> PairRecords:
    """The pairs on lines that start in the split.

    Raises:
        ReadError: the file cannot be opened.
    """
    config = split.of.config
    plain = Split(split.of.file, config.as_files(), split.start, split.end)
    with open_source(split.of.file, statistics) as source:
        text = Text(source, plain)
        header_at = next((line.position for line in text.lines(0)), -1) if config.header else -1
        for line in text.lines():
            if line.position >= text.end:
                return
            if line.position == header_at or (line.problem is None and not line.data.strip()):
                continue
            statistics.rows += 1
            yield _pair(line, text, split)


def _pair(line: Line, text: Text, split: PairSplit) -> Pair | Reject:
    if line.problem is not None:
        return line.reject()
    try:
        decoded = text.decode(line.data)
    except EncodingError as error:
        return rejected(line.position, Reason.ENCODING, str(error), line.data)
    config, cells = split.of.config, decoded.text.rstrip("\r").split("\t")
    wanted = max(config.columns)
    if len(cells) <= wanted:
        detail = f"{len(cells)} columns, but column {wanted}, counted from 0, is wanted"
        return rejected(line.position, Reason.MALFORMED_ROW, detail, line.data)
    source, target = (cells[column] for column in config.columns)
    meta = {name: cells[column] for name, column in config.meta_columns.items() if "".join(cells[column : column + 1])}
    return pair(line.position, source, target, meta | decoded.meta(), line.data)

"""The help topics of the Python interpreter: a module `pydoc_data/topics.py` that is one dict of texts.

The file is parsed, never imported. A position is the byte offset of the topic's name.
"""

import ast

from pipelines.readers.config import Undecodable
from pipelines.readers.encoding import decode_utf8
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept
from pipelines.readers.undecodable import Decoded, EncodingError
from pipelines.readers.whole import content


def read(split: Split, statistics: ReadStatistics) -> Records:
    """Each topic of the file.

    Raises:
        ReadError: the file cannot be opened.
    """
    data = content(split, statistics)
    if isinstance(data, Reject):
        yield data
        return
    topics = parse(data)
    if isinstance(topics, Reject):
        yield topics
        return
    starts = _line_starts(data)
    statistics.rows += len(topics.keys) - 1  # the file was counted as one
    for key, value in zip(topics.keys, topics.values, strict=True):
        at = key or value  # `**rest` has no key
        yield _topic(starts[at.lineno - 1] + at.col_offset, key, value, data, split.config.undecodable)


def parse(data: bytes) -> ast.Dict | Reject:
    """The dict that is assigned to `topics`, not evaluated yet."""
    try:
        tree = ast.parse(decode_utf8(data, None, "reject").text)
    except EncodingError as error:
        return Reject(0, Reason.ENCODING, str(error), data[:256])
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # MemoryError: nested over 6000 levels
        return Reject(0, Reason.MALFORMED_RECORD, f"not Python: {error}", data[:256])
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name("topics")], value=ast.Dict(keys=[_, *_]) as topics):
                return topics
            case ast.AnnAssign(target=ast.Name("topics"), value=ast.Dict(keys=[_, *_]) as topics):
                return topics
    return Reject(0, Reason.MALFORMED_RECORD, "no `topics = {name: text}` with at least one topic", data[:256])


def _topic(
    position: int, key: ast.expr | None, value: ast.expr, data: bytes, undecodable: Undecodable
) -> Document | Reject:
    sample = data[position : position + 256]
    try:
        name = ast.literal_eval(key) if key else None
        text = ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError) as error:
        return Reject(position, Reason.MALFORMED_RECORD, f"not a literal: {error}", sample)
    if not isinstance(name, str) or not isinstance(text, str):
        return Reject(position, Reason.MISSING_TEXT, "a topic is a text under a name", sample)
    try:
        whole = Decoded(text).part(text, undecodable)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, str(error), sample)
    return accept(position, whole.text, {"id": name, **whole.meta()}, sample)


def _line_starts(data: bytes) -> list[int]:
    """Offsets of the lines as Python counts them."""
    starts, offset = [], 0
    for line in data.splitlines(keepends=True):
        starts.append(offset)
        offset += len(line)
    return starts

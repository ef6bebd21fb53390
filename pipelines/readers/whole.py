"""Files that are one document: read whole, with a limit."""

from pipelines.readers.decompress import Damage
from pipelines.readers.encoding import decode
from pipelines.readers.line_reader import expanded, record_limit
from pipelines.readers.record import SAMPLE_BYTES, ReadStatistics, Reason, Reject, Split
from pipelines.readers.storage import open_source
from pipelines.readers.undecodable import Decoded, EncodingError


def content(split: Split, statistics: ReadStatistics) -> bytes | Reject:
    """The decompressed bytes of a file, or its reject.

    Raises:
        ReadError: the file cannot be opened.
    """
    limit, problem = record_limit(split)
    held, length = bytearray(), 0
    with open_source(split.file, statistics) as source:
        statistics.rows += 1
        for piece in expanded(source, split):
            if isinstance(piece, Damage):
                return Reject(0, piece.reason, piece.detail, bytes(held[:SAMPLE_BYTES]) or piece.sample)
            length += len(piece)
            held += piece[: max(0, limit + 1 - len(held))]
            # a compressed file is read further, to detect a decompression bomb
            if length > limit and (not split.file.codec or length > split.config.max_decompressed_bytes):
                break
    if length > limit:
        return Reject(0, problem, f"longer than {limit:,} bytes", bytes(held[:SAMPLE_BYTES]))
    return bytes(held)


def decoded(split: Split, statistics: ReadStatistics) -> tuple[bytes, Decoded] | Reject:
    """A whole file as bytes and as text, or its reject.

    Raises:
        ReadError: the file cannot be opened.
    """
    data = content(split, statistics)
    if isinstance(data, Reject):
        return data
    try:
        return data, decode(data, split.config.encoding, undecodable=split.config.undecodable)
    except EncodingError as error:
        return Reject(0, Reason.ENCODING, str(error), data[:SAMPLE_BYTES])

"""What expanding a compressed member yields, and how far it may go."""

from collections.abc import Generator

from pipelines.readers.config import SourceConfig
from pipelines.readers.record import Reason
from pipelines.readers.storage import ReadError

Member = Generator[bytes, None, int]  # yields the expanded bytes, returns the offset after the member

PIECE = 256 << 10  # bytes expanded at a time


def refuse_bomb(start: int, expanded: int, compressed: int, limits: SourceConfig) -> None:
    """Refuses a member that has expanded beyond both limits.

    Raises:
        ReadError: it has.
    """
    if expanded > limits.max_decompressed_bytes and expanded > limits.max_decompression_ratio * compressed:
        raise ReadError(
            Reason.DECOMPRESSION_BOMB,
            f"{compressed:,} bytes at byte {start} expand to {expanded:,} and more, over max_decompressed_bytes = "
            f"{limits.max_decompressed_bytes:,} and max_decompression_ratio = {limits.max_decompression_ratio:g}",
        )

"""What was written of a split."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counts:
    """Rows and tokens that were read, and the files that hold them.

    `tokens` is None where a table has no token ids. `files` maps the name of each file to the bytes that it must have.
    `further` is what else a format counts.
    """

    rows: int
    tokens: int | None
    files: Mapping[str, int]
    further: Mapping[str, int] = field(default_factory=dict)

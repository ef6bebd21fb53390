"""Up to where a view has been materialized into a store. The store itself holds it, written after the rows.

So a store that was restarted empty has no state and is filled again, and one restored from a backup continues from
where the backup was.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from features.materialization.encoding.view_encoder import ViewEncoder


@dataclass(frozen=True)
class State:
    """All rows of some data files with event times up to a time are in the store. Times in microseconds."""

    table: str  # identity of the Delta table
    schema: str  # what the store holds of each row; see `schema_of`
    version: int  # all data files of this version of the table; -1: none
    up_to_us: int
    done: Mapping[str, int] = field(default_factory=dict)  # further files by path, up to when; of a run under way
    later_us: int | None = None  # the earliest event time that was left out

    def to_json(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode()

    @staticmethod
    def from_json(data: bytes | None) -> "State | None":
        """The reverse of `to_json`; None for what is no state, or that of another version of this program."""
        try:
            return None if data is None else State(**json.loads(data))
        except (ValueError, TypeError):
            return None


def schema_of(encoder: ViewEncoder) -> str:
    """Differs where the store would hold something else of the same rows: another feature, type or service."""
    view = encoder.view
    return json.dumps(
        [sorted(view.join_keys.items()), list(view.features.items()), sorted(encoder.schema_hashes.items())]
    )


def earliest(one: int | None, other: int | None) -> int | None:
    """The earlier of two times; None is no time."""
    return other if one is None else one if other is None else min(one, other)

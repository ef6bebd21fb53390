"""The plan of a mixture: a small Delta table with a row for each source, which a feed opens at a version.

Weights are shares of tokens. A plan turns them into whole samples in each window: a source whose rows are emptier gets
more of them. What the plan says is all that the order depends on, besides the seed and the shuffle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.errors import MissingPathError
from pipelines.storage.environment import prepare
from pipelines.storage.uri import canonical
from training.feed.errors import FeedError, FeedMisuseError
from training.feed.mixing import Mix, Phase, bounded
from training.feed.table import SequenceTable, open_table

PLAN = pa.schema(
    [
        ("number", pa.int32()),  # of the source, from 0
        ("source", pa.string()),
        ("lake", pa.string()),
        ("table", pa.string()),
        ("version", pa.int64()),
        ("table_id", pa.string()),
        ("split", pa.string()),
        ("where", pa.string()),
        ("epochs", pa.int64()),  # null: without limit
        ("rows", pa.int64()),  # that belong to the source
        ("tokens", pa.int64()),  # of these rows, without padding
        ("phases", pa.list_(pa.struct([("from_sample", pa.int64()), ("quota", pa.int64())]))),
        ("selected", pa.list_(pa.binary())),  # for each data file a bitmap of its rows, or null: all; null: no `where`
        ("window", pa.int64()),
        ("exhausted", pa.string()),
    ]
)


@dataclass(frozen=True)
class MixturePlan:
    """A version of a plan."""

    location: str
    version: int
    table_id: str
    rows: tuple[Mapping[str, Any], ...]  # of `PLAN`, by number

    @property
    def identity(self) -> str:
        """What a state calls this plan."""
        return f"{self.table_id}@{self.version}"

    @property
    def names(self) -> list[str]:
        """(S,) names of the sources."""
        return [row["source"] for row in self.rows]

    def mix(self, seed: int) -> Mix:
        """The order of the sources, up to where they are exhausted."""
        first = self.rows[0]
        quotas = [[phase["quota"] for phase in row["phases"]] for row in self.rows]  # (S, phases)
        starts = [phase["from_sample"] for phase in first["phases"]]
        phases = tuple(Phase(start, each) for start, each in zip(starts, zip(*quotas, strict=True), strict=True))
        limits = [None if row["epochs"] is None else row["epochs"] * row["rows"] for row in self.rows]
        return bounded(Mix(phases, first["window"], seed), limits, first["exhausted"], self.names)

    def table(self, number: int, lake: str | None = None) -> SequenceTable:
        """The rows of a source, in its lake or in a copy of that.

        Raises:
            MissingPathError: the version is not there any more.
            FeedMisuseError: another table has its place.
        """
        row = self.rows[number]
        found = open_table(lake or row["lake"], row["table"], row["version"], row["split"])
        if found.table_id != row["table_id"]:
            raise FeedMisuseError(
                f"source {row['source']}: {found.location} is another table than the one that was planned; plan anew "
                "(tokenlake mix)"
            )
        if row["selected"] is None:
            return found
        bitmaps = tuple(row["selected"])
        counts = [_count(bitmap, rows) for bitmap, rows in zip(bitmaps, found.counts.tolist(), strict=True)]
        return replace(found, counts=np.array(counts, np.int64), selected=bitmaps)


def _count(bitmap: bytes | None, rows: int) -> int:
    return rows if bitmap is None else int.from_bytes(bitmap, "big").bit_count()


def write_plan(location: str, plan: pa.Table) -> MixturePlan:
    """Commits a plan as the next version of its table, unless the newest one says the same.

    Raises:
        FeedError: it cannot be written there.
    """
    from deltalake import write_deltalake
    from deltalake.exceptions import DeltaError

    uri = canonical(location)
    prepare()
    try:
        newest = read_plan(uri)
    except MissingPathError:
        newest = None
    if newest is not None and pa.Table.from_pylist(list(newest.rows), PLAN).equals(plan):
        return newest
    try:  # "error": where another program has just made the table, rows must not join its rows
        write_deltalake(uri, plan, mode="error" if newest is None else "overwrite")
    except (DeltaError, OSError) as error:
        raise FeedError(
            f"{uri}: the plan cannot be written ({error}). Name another place; if another `tokenlake mix` was "
            "writing there, run it again"
        ) from error
    return read_plan(uri)


def read_plan(location: str, version: int | None = None) -> MixturePlan:
    """A version of a plan; by default the newest.

    Raises:
        MissingPathError: there is none.
        FeedMisuseError: the table there is no plan.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    uri = canonical(location)
    prepare()
    try:
        opened = DeltaTable(uri, version=version)
    except (DeltaError, OSError, OverflowError) as error:
        wanted = "" if version is None else f" of version {version}"
        raise MissingPathError(
            f"{uri}: no plan of a mixture{wanted}; tokenlake mix CONFIG makes one ({error})"
        ) from error
    rows = pa.table(opened.to_pyarrow_table())
    if not set(PLAN.names) <= set(rows.column_names):
        raise FeedMisuseError(f"{uri}: this table is no plan of a mixture")
    ordered = rows.select(PLAN.names).cast(PLAN).sort_by("number").to_pylist()
    return MixturePlan(uri, opened.version(), str(opened.metadata().id), tuple(ordered))


def require_same_until(old: MixturePlan, new: MixturePlan, samples: int, seed: int) -> None:
    """Requires that two plans give the same order of the first samples, so that training can go on with the new one.

    Raises:
        FeedMisuseError: they do not; the message names what differs.
    """
    same = ("source", "table", "version", "table_id", "split", "where", "rows", "window", "selected")
    for before, after in zip(old.rows, new.rows, strict=False):
        for name in same:
            if before[name] != after[name]:
                raise FeedMisuseError(
                    f"{new.location}: source {after['source']} has another {name} in version {new.version} than in "
                    f"version {old.version} of the plan, which the state is of; go on with version {old.version}, or "
                    "begin anew"
                )
    begun = [[each for each in plan.mix(seed).phases if each.start < samples] for plan in (old, new)]
    if len(old.rows) != len(new.rows) or begun[0] != begun[1]:
        raise FeedMisuseError(
            f"{new.location}: version {new.version} of the plan has other sources or weights than version "
            f"{old.version} for the first {samples:,} samples, which are done: let new weights begin at sample "
            f"{samples:,} or later"
        )

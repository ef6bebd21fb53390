"""One Arrow batch of component members to their clusters."""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup.clusters import GreedyClusters
from pipelines.dedup.config import MinHashConfig
from pipelines.dedup.minhash import MinHasher

SCHEMA = pa.schema(
    [
        ("vertex", pa.string()),
        ("component", pa.string()),
        ("cluster_id", pa.string()),
        ("similarity", pa.float64()),
        ("is_new", pa.bool_()),
    ]
)


class Verification:
    """Takes members sorted by component, then by total order; a batch may end anywhere."""

    def __init__(self, config: MinHashConfig) -> None:
        self._hasher = MinHasher(config)
        self._clusters = GreedyClusters(config.threshold)
        self._last: tuple[str | None, int] = (None, 0)  # component, place

    def __call__(self, members: pa.RecordBatch) -> pa.RecordBatch:
        """(vertex, component, place, is_new, text) -> `SCHEMA`, row by row.

        Raises:
            ValueError: the rows of a component do not follow each other in the order of `place`, 1, 2, 3 …
        """
        self._require_order(members)
        vertices, components, is_new, texts = (members.column(n) for n in ("vertex", "component", "is_new", "text"))
        settled = pc.invert(is_new).to_numpy(zero_copy_only=False)
        shingles = self._hasher.shingles(texts)
        found = self._clusters.assign(components.to_pylist(), vertices.to_pylist(), settled, shingles)
        columns = [vertices, components, pa.array(found.representatives, pa.string()), found.similarity, is_new]
        return pa.RecordBatch.from_arrays([*map(pa.array, columns)], schema=SCHEMA)

    def _require_order(self, members: pa.RecordBatch) -> None:
        """An engine that dropped the sort would change clusters without a sign of it."""
        component, place = self._last
        for name, number in zip(
            members.column("component").to_pylist(), members.column("place").to_pylist(), strict=True
        ):
            if number != (place + 1 if name == component else 1):
                raise ValueError(f"component {name}: row {number} came after row {place} of {component}")
            component, place = name, number
        self._last = (component, place)

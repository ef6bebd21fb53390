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

    def __call__(self, members: pa.RecordBatch) -> pa.RecordBatch:
        """(vertex, component, is_new, text) -> `SCHEMA`, row by row."""
        vertices, components, is_new, texts = (members.column(n) for n in ("vertex", "component", "is_new", "text"))
        settled = pc.invert(is_new).to_numpy(zero_copy_only=False)
        shingles = self._hasher.shingles(texts)
        found = self._clusters.assign(components.to_pylist(), vertices.to_pylist(), settled, shingles)
        columns = [vertices, components, pa.array(found.representatives, pa.string()), found.similarity, is_new]
        return pa.RecordBatch.from_arrays([*map(pa.array, columns)], schema=SCHEMA)

"""Jaccard similarity of documents with those of a reference that they may copy, one Arrow batch at a time."""

import pyarrow as pa

from pipelines.dedup.config import MinHashConfig
from pipelines.dedup.minhash import MinHasher
from pipelines.dedup.representatives import jaccard
from pipelines.kernels.arrays import Hashes

SCHEMA = pa.schema([("doc_id", pa.string()), ("cluster_id", pa.string()), ("similarity", pa.float64())])


class Comparison:
    """Takes reference documents, each followed by its candidates; a batch may end anywhere.

    One per worker task. Keeps the shingles of one reference document, so memory does not grow with its candidates.
    """

    def __init__(self, config: MinHashConfig) -> None:
        self._hasher = MinHasher(config)
        self._threshold = config.threshold
        self._reference: str | None = None
        self._place = 0
        self._shingles: Hashes | None = None

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """(cluster_id, place, doc_id, text) -> each pair of `SCHEMA`, with similarity 0 if it is below the threshold.

        The reference document is at place 1, and has no `doc_id`. Where it is absent, so are its pairs.

        Raises:
            ValueError: the rows of a reference document do not follow each other in the order of `place`, 1, 2, 3 …
        """
        shingles = self._hasher.shingles(batch.column("text"))
        names, places, ids = (batch.column(name).to_pylist() for name in ("cluster_id", "place", "doc_id"))
        found: list[tuple[str, str, float]] = []
        for row, (reference, place, doc_id) in enumerate(zip(names, places, ids, strict=True)):
            self._follow(reference, place)
            if place == 1:
                self._shingles = shingles[row].copy() if doc_id is None else None  # a copy: not the whole batch
            elif self._shingles is not None:
                similarity = jaccard(self._shingles, shingles[row], self._threshold)
                found.append((doc_id, reference, similarity if similarity >= self._threshold else 0.0))
        columns = [pa.array(values, field.type) for values, field in zip(_columns(found), SCHEMA, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)

    def _follow(self, reference: str, place: int) -> None:
        """An engine that dropped the sort would compare with another document without a sign of it."""
        if place != (self._place + 1 if reference == self._reference else 1):
            raise ValueError(f"{reference}: row {place} came after row {self._place} of {self._reference}")
        self._reference, self._place = reference, place


def _columns(rows: list[tuple[str, str, float]]) -> list[tuple[object, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)

"""One Arrow batch of candidates to one of table `signatures`."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup.config import DedupConfig
from pipelines.dedup.exact import text_hashes
from pipelines.dedup.minhash import MinHasher, bands
from pipelines.tables import SIGNATURES


class Signing:
    """Signs batches that arrive as number `batch`; one per worker task, because it caches words."""

    def __init__(self, config: DedupConfig, batch: int, run_id: str) -> None:
        self._minhash = config.minhash
        self._hasher = MinHasher(config.minhash) if config.minhash else None
        self._batch = batch
        self._run_id = run_id

    def __call__(self, candidates: pa.RecordBatch) -> pa.RecordBatch:
        """(doc_id, text, priority) -> table `signatures`, N rows each."""
        texts = candidates.column("text")
        rows = candidates.num_rows
        columns = {
            "doc_id": candidates.column("doc_id"),
            "text_hash": pa.array(text_hashes(texts.to_pylist()), pa.binary()),
            "length": pc.utf8_length(texts).cast(pa.int64()),
            "priority": candidates.column("priority"),
            "batch": pa.repeat(pa.scalar(self._batch, pa.int64()), rows),
            "bands": self._bands(texts),
            "run_id": pa.repeat(self._run_id, rows),
        }
        return pa.RecordBatch.from_arrays(
            [columns[name] for name in SIGNATURES.schema.names], schema=SIGNATURES.schema
        )

    def _bands(self, texts: pa.StringArray) -> pa.ListArray:
        """Bucket keys, an empty list for a text with too few words."""
        if self._minhash is None or self._hasher is None:
            return pa.ListArray.from_arrays(np.zeros(len(texts) + 1, np.int32), pa.array([], pa.int64()))
        signatures = self._hasher.signatures(texts.to_pylist())
        keys = bands(signatures.minima[signatures.present], self._minhash.buckets)
        counts = np.where(signatures.present, self._minhash.buckets, 0)
        return pa.ListArray.from_arrays(np.append(0, np.cumsum(counts)).astype(np.int32), keys.reshape(-1))

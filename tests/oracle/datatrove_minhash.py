"""Runs in datatrove's environment: its MinHash deduplication, all four stages or the signatures alone.

    python datatrove_minhash.py FOLDER LANGUAGE signatures|clusters WORKERS

Reads FOLDER/documents/*.jsonl, one task a file. Leaves FOLDER/signatures/bucket_*/*.minhash.sig, and after four stages
FOLDER/components/*.clusters and FOLDER/kept.jsonl, the ids of the documents that stay. A run that was interrupted
goes on with the tasks it has not finished.
"""

import json
import sys
from pathlib import Path

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig


class Documents:
    """The first step: the documents of a task's file. datatrove's own reader needs a package that the lock lacks."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, data, rank, world_size):
        file = sorted(Path(self.folder, "documents").glob("*.jsonl"))[rank]
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield Document(**json.loads(line))


def main(folder, language, last, workers):
    tasks = len(list((Path(folder) / "documents").glob("*.jsonl")))

    def execute(stage, steps, tasks=1, workers=1):
        LocalPipelineExecutor(steps, tasks=tasks, workers=workers, logging_dir=f"{folder}/logs/{stage}").run()

    signed, paired, clustered = (f"{folder}/{name}" for name in ("signatures", "pairs", "components"))
    execute(1, [Documents(folder), MinhashDedupSignature(signed, language=language)], tasks, int(workers))
    if last == "clusters":
        execute(2, [MinhashDedupBuckets(signed, paired)], MinhashConfig().num_buckets)
        execute(3, [MinhashDedupCluster(paired, clustered, save_cluster_id=True)])
        with Path(folder, "kept.jsonl").open("w", encoding="utf-8") as kept:
            for rank in range(tasks):
                for document in MinhashDedupFilter(clustered).run(Documents(folder)(None, rank, tasks), rank, tasks):
                    kept.write(json.dumps(document.id) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

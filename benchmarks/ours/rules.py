"""Our measures on texts in memory, on one core, in batches as Spark hands them over.

    rules.py --input FOLDER --limit N

`first` is a new process, `warm` the same one on other documents. `decide` is the decision in plain Python, as
`explain` makes it; a stage makes it in the JVM.
"""

import argparse
import json
from itertools import islice
from pathlib import Path

import pyarrow as pa

from benchmarks.clock import Clock
from pipelines.policies.decide import reasons
from pipelines.policies.files import load
from pipelines.rules.config import MeasureConfig
from pipelines.rules.measures import measure

BATCH_ROWS = 1000  # spark.sql.execution.arrow.maxRecordsPerBatch of our sessions
RULE_SETS = ("gopher_repetition", "gopher_quality", "c4", "fineweb")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--limit", type=int, required=True)
    options = parser.parse_args()
    slices = [batches(file, options.limit) for file in sorted(options.input.glob("*.jsonl"))[:2]]
    policy = load("fineweb").model_copy(update={"order": RULE_SETS})
    clock = Clock("spacy", "numba", "numpy")
    for name, work in (("first", slices[0]), ("warm", slices[1])):
        with clock.measure(name) as done:
            measured = [measure(batch, MeasureConfig()) for batch in work]
        with clock.measure(f"decide {name}"):
            kept = sum(not reasons(row, policy) for batch in measured for row in batch.to_pylist())
        done |= {"documents": sum(batch.num_rows for batch in work), "kept": kept}
    clock.say()


def batches(file: Path, limit: int) -> list[pa.RecordBatch]:
    """The first documents of a file of JSON lines."""
    with file.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in islice(lines, limit)]
    return [batch(texts[begin : begin + BATCH_ROWS]) for begin in range(0, len(texts), BATCH_ROWS)]


def batch(texts: list[str]) -> pa.RecordBatch:
    """Rows as of table `documents`; all are called English, for the peer applies English rules to all."""
    rows = len(texts)
    return pa.RecordBatch.from_pydict(
        {
            "doc_id": pa.array(map(str, range(rows))),
            "source": pa.array(["texts"] * rows),
            "language": pa.array(["en"] * rows),
            "language_score": pa.array([1.0] * rows),
            "text": pa.array(texts),
            "meta": pa.array([[]] * rows, pa.map_(pa.string(), pa.string())),
        }
    )


if __name__ == "__main__":
    main()

"""Whatever happens to tables and logs between runs, every input row is processed once, and what left is gone."""

from itertools import count

import pyarrow as pa
from deltalake import DeltaTable
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.runs import record_runs
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.ledger import plan
from pipelines.semantics import ENCODING
from pipelines.tables import CLEAN_DOCUMENTS, TOKENS

# In proportion to what leads to losses: rows arrive, and logs are cut before they are processed.
EVENTS = 3 * ("arrive",) + 3 * ("process", "cut") + ("record", "rebuild", "compact", "delete")


class Life:
    """A table, one that is made from it, and what happens to them."""

    def __init__(self, root, engine):
        self.lake = Lake(root, engine)
        self.numbers = count()
        self._deliver()

    def happen(self, event):
        getattr(self, event)()

    def arrive(self):
        self._deliver()
        self._deliver()

    def rebuild(self):
        self._deliver("rebuild")

    def _deliver(self, mode="append"):
        name = f"arrival-{next(self.numbers)}"
        ids = [f"{name}-{letter}" for letter in "ab"]
        metadata = CommitMetadata(name, "dedup", mode, "c", "v", {}, 0.0)
        write = self.lake.append if mode == "append" else self.lake.overwrite
        write(_rows(CLEAN_DOCUMENTS, name, ids), CLEAN_DOCUMENTS, metadata, self.lake.version("clean_documents"))

    def process(self):
        work = plan(self.lake, "tokenize", TOKENS, ["clean_documents"], "c", ENCODING)
        if work.mode != "nothing":
            ids = [row.doc_id for row in work.read(self.lake, "clean_documents").collect()]
            work.commit(self.lake, _rows(TOKENS, work.run_id, ids))

    def record(self):
        record_runs(self.lake)

    def compact(self):
        DeltaTable(self.lake.path("clean_documents")).optimize.compact()

    def delete(self):
        first = min(self.ids("clean_documents"), default="")
        DeltaTable(self.lake.path("clean_documents")).delete(f"doc_id = '{first}'")

    def cut(self):
        """Deletes the entries of all logs before a checkpoint of the newest version."""
        for table in self.lake.tables():
            opened = DeltaTable(self.lake.path(table))
            opened.create_checkpoint()
            for version in range(opened.version()):
                self.lake.storage.delete(f"{table}/_delta_log/{version:020d}.json")

    def ids(self, table):
        return sorted(row.doc_id for row in self.lake.read(table).select("doc_id").collect())


def _rows(table, run_id, ids):
    empty = dict.fromkeys(table.schema.names)
    return pa.Table.from_pylist([{**empty, "doc_id": each, "run_id": run_id} for each in ids], table.schema)


@settings(max_examples=25, database=None)
@example(events=["process", "arrive", "cut"])
@given(events=st.lists(st.sampled_from(EVENTS), min_size=4, max_size=14))
def test_the_output_has_every_input_row_once(engine, tmp_path_factory, events):
    life = Life(str(tmp_path_factory.mktemp("life") / "lake"), engine)
    for event in events:
        life.happen(event)
    life.process()
    assert life.ids("tokens") == life.ids("clean_documents")

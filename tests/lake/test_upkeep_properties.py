"""Any sequence of runs and upkeep: the newest rows are those of the runs alone, pinned versions stay to the byte."""

import hashlib
import time
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.lake import Lake
from lake.maintenance.checkpoints import checkpoint
from lake.maintenance.compaction import compact
from lake.maintenance.compaction_plan import Rules
from lake.maintenance.kept_versions import kept
from lake.maintenance.log_retention import cut
from lake.maintenance.pins import pin, pins, unpin
from lake.maintenance.vacuum import delete_unreferenced
from pipelines.tables import RUNS, TOKENS

RUNS_DO = ("append", "append", "append", "leave", "rebuild")
UPKEEP = ("compact", "vacuum", "checkpoint", "cut", "pin", "unpin")


class Twin:
    """A table that is kept up, and what its newest version and its pinned versions must hold."""

    def __init__(self, root, rows, note):
        self.lake, self.rows, self.note = Lake(root), rows, note
        self.newest: list[str] = []  # doc_ids, sorted
        self.pinned: dict[int, dict[str, str]] = {}  # version -> file -> hash
        self.count = 0

    def do(self, step, number):
        self.count += 1
        run = f"tokenize-{self.count * 2654435761 % 2**64:016x}"
        if step == "append":
            self.lake.append(self.rows(run, f"{self.count}a", f"{self.count}b"), TOKENS, self.note(run), None)
            self.newest += [f"{self.count}a", f"{self.count}b"]
        elif not self.lake.exists("tokens"):
            return
        elif step == "leave":
            gone = [f"{number}a", f"{number}b"]
            self.lake.exchange(TOKENS, pa.table({"doc_id": gone}), [], self.note(run))
            self.newest = [each for each in self.newest if each not in gone]
        elif step == "rebuild":
            rows = self.rows(run, *sorted(self.newest)) if self.newest else TOKENS.schema.empty_table()
            self.lake.overwrite(rows, TOKENS, self.note(run, "rebuild"), self.lake.version("tokens"))
        else:
            getattr(self, step)(number)

    def compact(self, number):
        compact(self.lake, TOKENS, Rules(fewest=2, largest=1))

    def checkpoint(self, number):
        self.lake.checkpoint("tokens")
        checkpoint(self.lake, "tokens")

    def vacuum(self, number):
        keep = self._kept()
        delete_unreferenced(self.lake, "tokens", keep.versions, time.time() + 9, keep.since)

    def cut(self, number):
        record(self.lake)
        cut(self.lake, "tokens", self._kept(), time.time() + 9)

    def _kept(self):
        return kept(self.lake, "tokens", time.time() + 9, {})

    def pin(self, number):
        version = max(0, self.lake.version("tokens") - number % 3)
        try:
            pin(self.lake, "tokens", version, "model")
        except ValueError:  # its files are gone
            return
        self.pinned.setdefault(version, self.bytes_of(version))

    def unpin(self, number):
        if self.pinned:
            unpin(self.lake, "model", "tokens", min(self.pinned))
            del self.pinned[min(self.pinned)]

    def bytes_of(self, version):
        lake = Lake(self.lake.root)
        return {file.path: digest(f"{lake.path('tokens')}/{file.path}") for file in lake.files("tokens", version)}

    def check(self):
        lake = Lake(self.lake.root)
        if lake.exists("tokens"):
            found = [
                pq.ParquetFile(f"{lake.path('tokens')}/{file.path}").read(["doc_id"]) for file in lake.files("tokens")
            ]
            assert sorted(row["doc_id"] for part in found for row in part.to_pylist()) == sorted(self.newest)
            assert lake.last_own_commit("tokens") is not None
        for version, files in self.pinned.items():
            assert self.bytes_of(version) == files
        assert {each.version for each in pins(lake)} == set(self.pinned)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record(lake):
    """Rows of `runs` for all commits of the table, as `tokenlake maintain` adds them before it deletes log entries."""
    from jobs.runs import record_runs

    record_runs(lake)
    assert lake.exists(RUNS.name)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from((*RUNS_DO, *UPKEEP)), st.integers(0, 9)), max_size=30))
def test_upkeep_changes_no_newest_row_and_no_byte_of_a_pinned_version(tmp_path_factory, rows, note, steps):
    twin = Twin(str(tmp_path_factory.mktemp("twin")), rows, lambda *of: replace(note(*of), detail={"of": "step"}))
    for step, number in steps:
        twin.do(step, number)
        twin.check()

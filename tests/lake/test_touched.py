"""Which keys' rows differ between two versions of a table, whatever made the later one."""

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lake.lake import Lake
from lake.maintenance.compaction import compact
from lake.maintenance.compaction_plan import Rules
from lake.touched import touched
from pipelines.tables import TOKENS


@pytest.fixture
def tokens(engine, tmp_path, rows, note):
    """A table of documents a, b, c, d in two files."""
    lake = Lake(str(tmp_path / "lake"), engine)
    lake.append(rows("run-1", "a", "b"), TOKENS, note("run-1"), None)
    lake.append(rows("run-2", "c", "d"), TOKENS, note("run-2"), None)
    return lake


def keys(lake, before, after=None):
    found = touched(lake, "tokens", before, lake.version("tokens") if after is None else after, "doc_id")
    return None if found is None else sorted(row.doc_id for row in found.collect())


def test_appended_rows_are_touched_and_a_new_table_has_only_these(tokens):
    assert keys(tokens, 0) == ["c", "d"]
    assert keys(tokens, -1, 0) == ["a", "b"]
    assert keys(tokens, 1) == []


def test_of_a_file_that_was_rewritten_only_the_rows_that_came_or_went_are_touched(tokens, rows, note):
    added = tokens.write(rows("run-3", "b", "e"), TOKENS, "run-3")
    tokens.exchange(TOKENS, pa.table({"doc_id": ["b"]}), added, note("run-3"))
    assert sorted(row.doc_id for row in tokens.read("tokens").collect()) == ["a", "b", "c", "d", "e"]
    assert set(keys(tokens, 1)) == {"b", "e"}  # b left with one run and came with another


def test_rows_that_only_left_are_touched(tokens, note):
    tokens.exchange(TOKENS, pa.table({"doc_id": ["d"]}), [], note("run-3"))
    assert keys(tokens, 1) == ["d"]


def test_all_rows_of_a_table_that_was_made_anew_are_touched(tokens, rows, note):
    tokens.overwrite(rows("run-3", "a", "b"), TOKENS, note("run-3"), 1)
    assert set(keys(tokens, 1)) == {"a", "b", "c", "d"}


def test_compaction_by_another_program_touches_nothing(tokens):
    DeltaTable(tokens.path("tokens")).optimize.compact()
    fresh = Lake(tokens.root, tokens.engine)
    assert fresh.version("tokens") == 2
    assert keys(fresh, 1) == []


@pytest.fixture
def small_files(engine, tmp_path, rows, note):
    """As `tokens`, under the names of real runs."""
    lake = Lake(str(tmp_path / "lake"), engine)
    for run, *documents in (("run-0000000000000001", "a", "b"), ("run-0000000000000002", "c", "d")):
        lake.append(rows(run, *documents), TOKENS, note(run), None)
    return lake


@pytest.fixture
def compacted(small_files):
    """The table after compaction into one file, which is not there: nobody can read it."""
    assert compact(small_files, TOKENS, Rules(fewest=2)).into == 1
    (file,) = small_files.files("tokens")
    small_files.storage.delete(f"tokens/{file.path}")
    return small_files


def test_compaction_touches_nothing_and_what_it_wrote_is_not_read(compacted, rows, note):
    assert keys(compacted, 1) == []
    assert keys(compacted, 0) == ["c", "d"]
    compacted.append(rows("run-3", "e"), TOKENS, note("run-3"), None)
    assert keys(compacted, 1) == ["e"]


def test_rows_are_compared_where_files_that_were_put_together_are_gone(small_files):
    (new,) = {file.path for file in small_files.files("tokens")} - {
        file.path for file in small_files.files("tokens", 0)
    }
    compact(small_files, TOKENS, Rules(fewest=2))
    small_files.storage.delete(f"tokens/{new}")
    assert keys(small_files, 0) == ["c", "d"]


def test_without_the_earlier_files_or_log_nobody_can_tell(tokens):
    table = DeltaTable(tokens.path("tokens"))
    table.optimize.compact()
    table = DeltaTable(tokens.path("tokens"))
    table.vacuum(0, dry_run=False, enforce_retention_duration=False)
    assert keys(Lake(tokens.root, tokens.engine), 1) == []  # the log says that compaction kept all rows
    assert keys(Lake(tokens.root, tokens.engine), 0) is None
    assert keys(Lake(tokens.root, tokens.engine), 9, 9) is None

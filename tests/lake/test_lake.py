"""Tables that are committed and read without Spark: once each, whoever else is at work."""

import threading
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from lake.commits import CommitMetadata
from lake.data_files import DataFile, MissingTableError
from lake.lake import ConcurrentCommitError, Lake
from pipelines.tables import DOCUMENTS, TOKENS, Table, sequences


def ids(lake, table="tokens"):
    return sorted(lake.read_here(table, ["doc_id"])["doc_id"].to_pylist())


def test_an_empty_lake_has_no_tables(lake):
    assert lake.tables() == []
    assert (lake.version("tokens"), lake.exists("tokens")) == (-1, False)
    assert list(lake.commits("tokens")) == []
    assert lake.last_own_commit("tokens") is None


def test_appended_rows_are_there_and_counted(lake, rows, note):
    lake.append(rows("run-1", "a", "b"), TOKENS, note("run-1"), None)
    lake.append(rows("run-2", "c"), TOKENS, note("run-2"), None)
    assert lake.tables() == ["tokens"]
    assert (lake.version("tokens"), lake.rows("tokens"), ids(lake)) == (1, 3, ["a", "b", "c"])
    assert [(commit.version, commit.rows_out) for commit in lake.commits("tokens")] == [(1, 1), (0, 2)]
    assert [commit.version for commit in lake.commits("tokens", after=0)] == [1]
    assert lake.last_own_commit("tokens").metadata.run_id == "run-2"
    assert lake.schema("tokens").equals(TOKENS.schema)


def test_an_append_under_the_same_run_id_is_there_once(lake, rows, note):
    for _ in range(3):
        lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    assert (lake.version("tokens"), ids(lake)) == (0, ["a"])
    assert lake.is_committed("tokens", "run-1")
    assert not lake.is_committed("tokens", "run-2")


def test_overwriting_replaces_and_older_versions_stay_readable(lake, rows, note):
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    lake.overwrite(rows("run-2", "b", "c"), TOKENS, note("run-2", "rebuild"), 0)
    assert ids(lake) == ["b", "c"]
    assert [sum(file.rows for file in lake.files("tokens", version)) for version in (0, 1)] == [1, 2]


def test_overwriting_twice_from_the_same_version_is_done_once(lake, rows, note):
    for _ in range(2):
        lake.overwrite(rows("run-1", "a"), TOKENS, note("run-1", "rebuild"), -1)
    assert (lake.version("tokens"), ids(lake)) == (0, ["a"])


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_commit_from_a_version_that_is_not_the_newest_is_refused(lake, rows, note, mode):
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    lake.append(rows("run-2", "b"), TOKENS, note("run-2"), None)
    with pytest.raises(ConcurrentCommitError, match="tokens: another run committed meanwhile"):
        getattr(lake, mode)(rows("run-3", "c"), TOKENS, note("run-3"), 0)
    assert (lake.version("tokens"), ids(lake)) == (1, ["a", "b"])


@pytest.mark.parametrize("start", [-1, 0], ids=["a new table", "a table that is there"])
def test_of_many_writers_at_once_one_wins(lake, rows, note, start):
    if start == 0:
        lake.append(rows("run-0", "z"), TOKENS, note("run-0"), None)
    together, outcomes = threading.Barrier(6), {}

    def write(name):
        own = Lake(lake.root)
        files = own.write(rows(name, name), TOKENS, name)
        together.wait()
        try:
            own.commit_files(files, TOKENS, note(name), "append", start)
            outcomes[name] = "won"
        except ConcurrentCommitError:
            outcomes[name] = "lost"

    threads = [threading.Thread(target=write, args=(f"run-{n}",)) for n in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes.values()) == ["lost"] * 5 + ["won"]
    winner = next(name for name, outcome in outcomes.items() if outcome == "won")
    assert set(ids(lake)) - {"z"} == {winner}


def test_writers_that_depend_on_no_version_all_get_in(lake, rows, note):
    """As the runs of two commands are recorded."""
    together = threading.Barrier(4)

    def write(name):
        together.wait()
        Lake(lake.root).append(rows(name, name), TOKENS, note(name), None)

    threads = [threading.Thread(target=write, args=(f"run-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(lake) == [f"run-{n}" for n in range(4)]
    assert lake.version("tokens") == 3


def test_a_pinned_version_stays_as_it_is_while_another_commit_lands(engine, lake, rows, note):
    lake = Lake(lake.root, engine)
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    pinned, newest = lake.read("tokens", 0), lake.read("tokens")
    Lake(lake.root).overwrite(rows("run-2", "b"), TOKENS, note("run-2", "rebuild"), 0)
    assert [row.doc_id for row in pinned.collect()] == ["a"]
    assert [row.doc_id for row in newest.collect()] == ["a"]  # as it stood when it was asked for
    assert [row.doc_id for row in lake.read("tokens").collect()] == ["b"]
    assert [row.doc_id for row in lake.read("tokens", 0).collect()] == ["a"]


def test_rows_of_some_runs_are_read_alone_and_other_files_not_opened(engine, lake, rows, note):
    lake = Lake(lake.root, engine)
    for number in range(3):
        lake.append(rows(f"run-{number}", str(number)), TOKENS, note(f"run-{number}"), None)
    for file in lake.files("tokens"):
        if not file.may_hold("run_id", ["run-1"]):
            lake.storage.delete(f"tokens/{file.path}")
    assert [row.doc_id for row in lake.read("tokens", run_ids=["run-1"]).collect()] == ["1"]
    assert lake.read("tokens", run_ids=[]).collect() == []


def test_rows_of_some_runs_are_picked_from_files_that_hold_others(engine, lake, rows, note):
    lake = Lake(lake.root, engine)
    mixed = pa.concat_tables([rows("run-1", "a"), rows("run-2", "b"), rows("run-3", "c")])
    lake.append(mixed, TOKENS, note("compacted"), None)
    found = lake.read("tokens", run_ids=["run-1", "run-3"]).collect()
    assert sorted(row.doc_id for row in found) == ["a", "c"]


def test_files_of_an_attempt_that_was_killed_are_removed_and_no_others(lake, rows, note):
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    lake.write(rows("run-2", "b"), TOKENS, "run-2")
    lake.write(rows("run-22", "c"), TOKENS, "run-22")
    for run_id in ("run-1", "run-2"):
        lake.remove_unfinished("tokens", run_id)
    names = [name for name in lake.storage.files_below("tokens") if name.endswith(".parquet")]
    assert [name.rpartition("-")[0] for name in sorted(names)] == ["part-run-1", "part-run-22"]
    assert ids(lake) == ["a"]
    lake.remove_unfinished("no_such_table", "run-1")


def test_a_partition_column_comes_back_in_its_place(engine, lake):
    table = sequences("causal")
    empty = dict.fromkeys(table.schema.names)
    made = [{**empty, "sequence_id": str(n), "position": n, "split": ("train", "heldout")[n % 2]} for n in range(4)]
    lake = Lake(lake.root, engine)
    from lake.commits import CommitMetadata

    note = CommitMetadata("r", "pack", "rebuild", "c", "v", {}, 0.0)
    lake.overwrite(pa.Table.from_pylist(made, table.schema), table, note, -1)
    rows = lake.read(table.name)
    assert rows.columns == table.schema.names
    assert {row.sequence_id: row.split for row in rows.collect()} == {row["sequence_id"]: row["split"] for row in made}
    assert lake.read(table.name).where("split = 'heldout'").count() == 2


def test_rows_of_a_frame_are_written_by_tasks(engine, lake, note):
    lake = Lake(lake.root, engine)
    frame = engine.session.range(0, 100, 1, 4).selectExpr(
        "cast(id AS string) AS doc_id",
        "'t' AS tokenizer",
        "cast('' AS binary) AS ids",
        "id AS n_tokens",
        "'c' AS split_group_id",
        "'run-1' AS run_id",
    )
    lake.append(frame, TOKENS, note("run-1"), None)
    assert lake.rows("tokens") == 100
    assert ids(lake) == sorted(map(str, range(100)))


def test_an_empty_table_can_be_committed_and_read(engine, lake, rows, note):
    lake = Lake(lake.root, engine)
    lake.append(rows("run-1"), TOKENS, note("run-1"), None)
    assert (lake.version("tokens"), lake.rows("tokens"), lake.size("tokens")) == (0, 0, (0, 0))
    assert lake.read("tokens").columns == TOKENS.schema.names
    assert lake.read("tokens").collect() == []
    assert lake.read_here("tokens", ["doc_id"]).num_rows == 0


def test_a_lake_without_an_engine_says_so_when_its_rows_are_asked_for(lake, rows, note):
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    with pytest.raises(ValueError, match="was opened without an engine"):
        lake.read("tokens")


def test_a_lake_goes_on_after_a_checkpoint(lake, rows, note):
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    DeltaTable(lake.path("tokens")).create_checkpoint()
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    lake.append(rows("run-2", "b"), TOKENS, note("run-2"), None)
    again = Lake(lake.root)
    assert ids(again) == ["a", "b"]
    assert again.is_committed("tokens", "run-1")


def test_commits_of_other_programs_are_between_ours(lake, rows, note):
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    write_deltalake(lake.path("tokens"), rows("other", "b"), mode="append")
    assert [commit.metadata is None for commit in lake.commits("tokens")] == [True, False]
    assert lake.last_own_commit("tokens").version == 0
    lake.append(rows("run-2", "c"), TOKENS, note("run-2"), None)
    assert ids(lake) == ["a", "b", "c"]


# Other readers


@pytest.fixture
def made(engine, lake, rows, note):
    lake = Lake(lake.root, engine)
    lake.append(rows("run-1", "a", "b"), TOKENS, note("run-1"), None)
    lake.append(rows("run-2", "c"), TOKENS, note("run-2"), None)
    lake.overwrite(rows("run-3", "d", "e"), TOKENS, note("run-3", "rebuild"), 1)
    return lake


def test_delta_rs_reads_every_version(made):
    table = DeltaTable(made.path("tokens"))
    assert [entry["version"] for entry in table.history()] == [2, 1, 0]
    assert sorted(table.to_pyarrow_table()["doc_id"].to_pylist()) == ["d", "e"]
    table.load_as_version(1)
    assert sorted(table.to_pyarrow_table()["doc_id"].to_pylist()) == ["a", "b", "c"]


def test_duckdb_reads_a_table(made):
    with duckdb.connect() as connection:
        connection.register("tokens", DeltaTable(made.path("tokens")).to_pyarrow_dataset())
        assert connection.sql("SELECT doc_id FROM tokens ORDER BY doc_id").fetchall() == [("d",), ("e",)]
        files = [made.path(f"tokens/{file.path}") for file in made.files("tokens")]
        assert connection.read_parquet(files).aggregate("count(*)").fetchall() == [(2,)]


def test_sail_reads_a_table_as_delta(made, spark):
    rows = spark.read.format("delta").load(made.path("tokens"))
    assert sorted(row.doc_id for row in rows.collect()) == ["d", "e"]
    old = spark.read.format("delta").option("versionAsOf", 1).load(made.path("tokens"))
    assert old.count() == 3


# Places


@pytest.mark.parametrize(
    "name",
    ["a b", "ü漢", "a#b", "{a}", "a*b", "a?b", "a[b]", "a%b", "a&b;c", "a'b\"c", "a:b", "a+b=c,d", "é\u0301", " a "],
)
def test_a_lake_may_lie_under_any_of_these_names(engine, tmp_path, rows, note, name):
    lake = Lake(str(tmp_path / name), engine)
    lake.append(rows("run-1", "a"), TOKENS, note("run-1"), None)
    lake.append(rows("run-2", "b"), TOKENS, note("run-2"), 0)
    assert sorted(row.doc_id for row in lake.read("tokens").collect()) == ["a", "b"]
    assert ids(lake) == ["a", "b"]
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_files_of_version_0_1_are_read_beside_ours(engine, tmp_path):
    """Spark wrote timestamps as INT96, which Sail does not merge with ours."""
    lake = Lake(str(tmp_path / "lake"), engine)
    when = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    row = {"source": "s", "uri": "u", "meta": [], "run_id": "ingest-1", "ingested_at": when}
    ours, theirs = (pa.Table.from_pylist([{"doc_id": name, **row}], schema=DOCUMENTS.schema) for name in "ab")
    files = lake.write(ours, DOCUMENTS, "ingest-0123456789abcdef")
    path = tmp_path / "lake" / "documents" / "part-00000-37441fcf-212e-4e84-a26f-0c09ae38fe5b-c000.zstd.parquet"
    pq.write_table(theirs, path, use_deprecated_int96_timestamps=True)
    files.append(DataFile(path.name, path.stat().st_size, 1))
    lake.commit_files(files, DOCUMENTS, CommitMetadata("r", "ingest", "append", "c", "v", {}, 0.0), "append", None)
    found = lake.read("documents").orderBy("doc_id").select("doc_id", "ingested_at").toArrow().to_pylist()
    assert found == [{"doc_id": "a", "ingested_at": when}, {"doc_id": "b", "ingested_at": when}]


def test_rows_with_another_column_are_added_and_earlier_rows_have_none(lake, note, engine):
    narrow = Table(
        "grown", ("doc_id",), pa.schema([("doc_id", pa.string()), ("old", pa.int64()), ("run_id", pa.string())])
    )
    wide = Table(
        "grown", ("doc_id",), pa.schema([("doc_id", pa.string()), ("new", pa.int64()), ("run_id", pa.string())])
    )
    lake.append(pa.table({"doc_id": ["a"], "old": [1], "run_id": ["run-1"]}), narrow, note("run-1"), -1)
    lake.append(pa.table({"doc_id": ["b"], "new": [2], "run_id": ["run-2"]}), wide, note("run-2"), 0)
    grown = Lake(lake.root, engine).read("grown")
    rows = [tuple(row) for row in grown.select("doc_id", "old", "new").orderBy("doc_id").collect()]
    assert rows == [("a", 1, None), ("b", None, 2)]
    here = lake.read_here("grown", ["doc_id", "old", "new"]).sort_by("doc_id").to_pylist()
    assert [tuple(row.values()) for row in here] == rows
    assert DeltaTable(lake.path("grown")).to_pyarrow_table().num_rows == 2


def test_the_rows_of_a_table_that_is_not_there_are_missed_by_name(lake):
    with pytest.raises(MissingTableError, match=r"tokens: there is no such table yet\. The stages make it in order"):
        lake.read("tokens")

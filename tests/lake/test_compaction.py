"""Compaction: fewer files, the same rows in the same order, and nothing to do for any step."""

import json
import time
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.commits import COMPACT
from lake.lake import Lake
from lake.lock import LakeBusyError, exclusive
from lake.log import UnwritableTableError
from lake.maintenance.compaction import Compacted, compact
from lake.maintenance.compaction_plan import Rules
from lake.maintenance.vacuum import delete_unreferenced
from pipelines.sequences.reader import Sequences
from pipelines.tables import TOKENS, SequenceFormat, sequences

RULES = Rules(target=1 << 20, fewest=3)
PACKED = sequences("causal", SequenceFormat("causal", 4, 16, 0, 1, "t"))


def in_order(lake, table, version=None):
    """All rows of a version, in the order in which its files are read."""
    parts = []
    for file in lake.files(table, version):
        rows = pq.ParquetFile(f"{lake.path(table)}/{file.path}").read().to_pylist()
        parts += [{**row, **file.partition} for row in rows]
    return parts


def run_id(number):
    return f"tokenize-{number * 2654435761 % 2**64:016x}"


@pytest.fixture
def tokens(lake, rows, note):
    """Ten files of two rows each."""
    for number in range(10):
        lake.append(rows(run_id(number), f"{number}a", f"{number}b"), TOKENS, note(run_id(number)), None)
    return lake


def test_small_files_become_one_with_the_same_rows_in_the_same_order(tokens):
    before = in_order(tokens, "tokens")
    done = compact(tokens, TOKENS, RULES)
    assert (done.files, done.into, done.left) == (10, 1, "")
    assert len(tokens.files("tokens")) == 1
    assert in_order(tokens, "tokens") == before
    assert tokens.files("tokens")[0].rows == 20


def test_older_versions_stay_readable(tokens):
    before = in_order(tokens, "tokens", 5)
    compact(tokens, TOKENS, RULES)
    assert in_order(tokens, "tokens", 5) == before


def test_a_second_compaction_has_nothing_to_do(tokens):
    compact(tokens, TOKENS, RULES)
    version = tokens.version("tokens")
    assert compact(tokens, TOKENS, RULES) == Compacted()
    assert tokens.version("tokens") == version


def test_the_commit_changes_no_data_and_repeats_what_the_table_was_made_from(tokens):
    last = tokens.last_own_commit("tokens").metadata
    compact(tokens, TOKENS, RULES)
    commit = tokens.last_own_commit("tokens")
    assert (commit.operation, commit.metadata.mode, commit.of_step) == ("OPTIMIZE", COMPACT, None)
    assert (commit.replaces_rows, commit.removes_rows, commit.rows_out) == (False, False, 0)
    assert (commit.metadata.inputs, commit.metadata.config_hash) == (last.inputs, last.config_hash)
    entry = tokens.storage.read_text(f"tokens/_delta_log/{commit.version:020d}.json")
    actions = [action for line in entry.splitlines() for action in json.loads(line).items()]
    assert {action["dataChange"] for kind, action in actions if kind in ("add", "remove")} == {False}


def test_a_run_is_still_found_by_its_rows(tokens):
    compact(tokens, TOKENS, RULES)
    assert tokens.read_here("tokens", ["doc_id", "run_id"], [run_id(3)])["doc_id"].to_pylist() == ["3a", "3b"]


def test_columns_that_some_files_lack_and_others_have_besides_stay(lake, rows, note):
    wider = pa.table({**dict(zip(TOKENS.schema.names, rows("x", "0").columns, strict=True)), "extra": ["e"]})
    from dataclasses import replace

    from lake.commits import CommitMetadata

    schema = pa.schema([*TOKENS.schema, pa.field("extra", pa.string())])
    lake.append(
        wider.cast(schema), replace(TOKENS, schema=schema), CommitMetadata("x", "s", "append", "", "", {}, 0), None
    )
    for number in range(4):
        lake.append(rows(run_id(number), str(number)), TOKENS, note(run_id(number)), None)
    compact(lake, TOKENS, RULES)
    assert len(lake.files("tokens")) == 1
    found = lake.read_here("tokens", ["doc_id", "extra"]).to_pylist()
    assert sorted((row["extra"] or "", row["doc_id"]) for row in found)[-1] == ("e", "0")


def test_sequences_are_read_in_the_same_order_split_by_split(lake):
    for number in range(6):
        lake.append(packed(number), PACKED, note_of(number), None)
    before = [(row.split, row.sequence_id) for row in Sequences(lake.root, "causal").rows()]
    assert compact(lake, PACKED, RULES).into == 2
    assert [(row.split, row.sequence_id) for row in Sequences(lake.root, "causal").rows()] == before


def packed(number):
    return pa.Table.from_pylist(
        [
            {
                "sequence_id": f"{number}-{split}-{place}",
                "split": split,
                "position": place,
                "ids": bytes(8),
                "n_tokens": 4,
                "doc_lengths": [4],
                "doc_ids": ["d"],
                "doc_offsets": [0],
                "run_id": run_id(number),
            }
            for split in ("train", "heldout")
            for place in range(3)
        ],
        PACKED.schema,
    )


def note_of(number):
    from lake.commits import CommitMetadata

    return CommitMetadata(run_id(number), "pack", "append", "c", "v", {}, 0.0)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["append", "append", "append", "leave", "compact"]), max_size=25))
def test_rows_stay_in_order_and_are_those_of_a_table_that_was_never_compacted(tmp_path_factory, rows, note, steps):
    plain, compacted = (Lake(str(tmp_path_factory.mktemp(name))) for name in ("plain", "compacted"))
    for number, step in enumerate(steps):
        for lake in (plain, compacted):
            if step == "append":
                lake.append(rows(run_id(number), f"{number}a", f"{number}b"), TOKENS, note(run_id(number)), None)
            elif step == "leave" and lake.exists("tokens"):
                wanted = pa.table({"doc_id": [f"{number // 2}a", f"{number // 3}b"]})
                lake.exchange(TOKENS, wanted, [], note(run_id(number)))
        if step == "compact" and compacted.exists("tokens"):
            before = in_order(compacted, "tokens")
            compact(compacted, TOKENS, RULES)
            assert in_order(compacted, "tokens") == before
    if plain.exists("tokens"):
        by_id = sorted(in_order(plain, "tokens"), key=repr)
        assert sorted(in_order(compacted, "tokens"), key=repr) == by_id
        if (
            "leave" not in steps
        ):  # files without removed rows have random names, so their order differs in any two lakes
            assert in_order(compacted, "tokens") == in_order(plain, "tokens")


def test_nothing_is_written_while_a_run_is_at_work(tokens):
    before = set(tokens.storage.files_below("tokens"))
    with exclusive(tokens.root):
        assert compact(tokens, TOKENS, RULES).left == "a run is at work"
    assert set(tokens.storage.files_below("tokens")) == before


def test_a_run_that_begins_meanwhile_is_not_disturbed_and_what_was_written_goes(tokens, rows, note):
    before = set(tokens.storage.files_below("tokens"))

    times = iter(range(9))

    @contextmanager
    def lock(root):
        if next(times) == 1:  # when the new files are written and are to be committed
            raise LakeBusyError("a run began")
        yield

    done = compact(tokens, TOKENS, RULES, lock=lock)
    assert done.left == "a run is at work"
    assert set(tokens.storage.files_below("tokens")) == before


def test_a_run_that_began_and_ended_meanwhile_keeps_what_it_did(tokens, rows, note):
    times = iter(range(9))

    @contextmanager
    def lock(root):
        if next(times) == 1:  # when the new files are written and are to be committed
            Lake(root).exchange(TOKENS, pa.table({"doc_id": ["3a"]}), [], note("change-0000000000000001"))
        yield

    done = compact(tokens, TOKENS, RULES, lock=lock)
    assert done.left == "a run has changed the table meanwhile"
    assert "3a" not in tokens.read_here("tokens", ["doc_id"])["doc_id"].to_pylist()
    assert tokens.rows("tokens") == 19
    assert compact(tokens, TOKENS, RULES).into == 1
    assert tokens.rows("tokens") == 19


def test_rows_that_a_run_appended_meanwhile_stay_beside_the_new_file(tokens, rows, note):
    times = iter(range(9))

    @contextmanager
    def lock(root):
        if next(times) == 1:
            Lake(root).append(rows(run_id(77), "new"), TOKENS, note(run_id(77)), None)
        yield

    assert compact(tokens, TOKENS, RULES, lock=lock).into == 1
    assert tokens.rows("tokens") == 21


def test_new_files_that_an_erasure_deleted_before_their_commit_are_not_committed(tokens):
    before, times = in_order(tokens, "tokens"), iter(range(9))

    @contextmanager
    def lock(root):
        if next(times) == 1:
            delete_unreferenced(Lake(root), "tokens", [], time.time() + 9)
        yield

    assert "deleted the new files" in compact(tokens, TOKENS, RULES, lock=lock).left
    assert in_order(Lake(tokens.root), "tokens") == before


def test_a_feature_that_commits_here_would_break_is_refused_by_name(tokens):
    DeltaTable(tokens.path("tokens")).alter.set_table_properties({"delta.appendOnly": "true"})
    with pytest.raises(UnwritableTableError, match=r"delta\.appendOnly"):
        compact(Lake(tokens.root), TOKENS, RULES)


def test_a_dry_run_writes_nothing_and_tells_what_would_be_read(tokens):
    before = set(tokens.storage.files_below("tokens"))
    done = compact(tokens, TOKENS, RULES, dry_run=True)
    assert (done.files, done.into, done.read) == (10, 1, tokens.size("tokens")[1])
    assert set(tokens.storage.files_below("tokens")) == before


def test_a_damaged_source_stops_compaction_and_leaves_no_file(tokens):
    victim = tokens.files("tokens")[4].path
    (open(f"{tokens.path('tokens')}/{victim}", "wb")).close()
    before = set(tokens.storage.files_below("tokens"))
    with pytest.raises(pa.ArrowInvalid):
        compact(tokens, TOKENS, RULES)
    assert set(tokens.storage.files_below("tokens")) == before


def test_progress_counts_bytes(tokens):
    seen = []
    compact(tokens, TOKENS, RULES, told=lambda done, whole: seen.append((done, whole)))
    size = sum(file.size for file in tokens.files("tokens", 9))
    assert seen == [(size, size)]

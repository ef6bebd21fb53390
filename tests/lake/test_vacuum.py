"""Which data files upkeep deletes, and which stay."""

import os
import time

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lake.lake import Lake
from lake.maintenance.kept_versions import LostPinError, kept, used
from lake.maintenance.pins import pin
from lake.maintenance.vacuum import delete_unreferenced, whole_since
from pipelines.tables import CLEAN_DOCUMENTS, TOKENS

DAY = 86400.0


@pytest.fixture
def tokens(lake, rows, note):
    """A table that was made anew twice: versions 0, 1 and 2 have a file each, and no other."""
    lake.append(rows("run-0", "a"), TOKENS, note("run-0"), None)
    for run in ("run-1", "run-2"):
        lake.overwrite(rows(run, "a"), TOKENS, note(run, "rebuild"), lake.version("tokens"))
    return lake


def age(lake, days, versions=None, table="tokens"):
    """Makes files look as if they had been written some days ago: all, or some versions with their files."""
    then = time.time() - days * DAY
    if versions is None:
        paths = list(lake.storage.files_below(table))
    else:
        paths = [f"_delta_log/{version:020d}.json" for version in versions]
        paths += [file.path for version in versions for file in lake.files(table, version)]
    for path in paths:
        os.utime(f"{lake.path(table)}/{path}", (then, then))


def readable(lake, table="tokens"):
    """The versions all of whose files are there."""
    fresh = Lake(lake.root)
    there = set(fresh.storage.files_below(table))
    return [
        version
        for version in range(fresh.version(table) + 1)
        if {file.path for file in fresh.files(table, version)} <= there
    ]


def vacuum(lake, days=7, table="tokens", **options):
    cutoff = time.time() - days * DAY
    keep = kept(lake, table, cutoff, used(lake).get(table, {}))
    return delete_unreferenced(lake, table, keep.versions, cutoff, keep.since, **options)


def test_files_of_versions_that_were_replaced_before_the_cutoff_go(tokens):
    age(tokens, 10)
    assert vacuum(tokens).files == 2
    assert readable(tokens) == [2]


def test_the_version_that_was_the_newest_at_the_cutoff_stays(tokens):
    age(tokens, 10, [0, 1])  # version 2 came today: a reader of version 1 may have begun yesterday
    assert vacuum(tokens).files == 1
    assert readable(tokens) == [1, 2]


def test_a_pinned_version_stays(tokens):
    pin(tokens, "tokens", 0, "model-a")
    age(tokens, 10)
    assert vacuum(tokens).files == 1
    assert readable(tokens) == [0, 2]


def test_a_version_from_which_another_table_was_made_stays(tokens, rows, note):
    made_from = {**note("run-3").__dict__, "inputs": {"tokens": 1}}
    tokens.append(rows("run-3", "a", table=CLEAN_DOCUMENTS), CLEAN_DOCUMENTS, type(note("x"))(**made_from), None)
    age(tokens, 10)
    assert vacuum(tokens).files == 1
    assert readable(tokens) == [1, 2]


def test_files_without_a_commit_stay_as_long_as_a_run_may_commit_them(tokens, rows):
    (young,) = tokens.write(rows("run-9", "z"), TOKENS, "run-9")
    assert vacuum(tokens).files == 0
    age(tokens, 10)
    assert vacuum(tokens, besides={young.path}).files == 2
    assert tokens.storage.exists(f"tokens/{young.path}")
    assert vacuum(tokens).files == 1
    assert not tokens.storage.exists(f"tokens/{young.path}")


def test_what_is_no_data_file_of_the_table_stays(tokens):
    for name in ("README.md", "_symlink_format_manifest/a.parquet", ".hidden.parquet", "_delta_log/x.parquet"):
        tokens.storage.write_text(f"tokens/{name}", "?")
    age(tokens, 10)
    before = set(tokens.storage.files_below("tokens"))
    vacuum(tokens)
    gone = before - set(tokens.storage.files_below("tokens"))
    assert len(gone) == 2
    assert all(path.startswith("part-run") for path in gone)


def test_a_dry_run_counts_what_the_real_one_deletes(tokens):
    age(tokens, 10)
    counted = vacuum(tokens, dry_run=True)
    assert readable(tokens) == [0, 1, 2]
    assert vacuum(tokens) == counted
    assert counted.bytes > 0
    assert vacuum(tokens).files == 0


def test_it_deletes_what_the_vacuum_of_delta_rs_would_delete(tokens):
    age(tokens, 10)
    theirs = DeltaTable(tokens.path("tokens")).vacuum(0, dry_run=True, enforce_retention_duration=False)
    before = set(tokens.storage.files_below("tokens"))
    vacuum(tokens)
    assert before - set(tokens.storage.files_below("tokens")) == set(theirs)


def test_versions_whose_log_entries_were_cut_are_told_by_checkpoints(tokens, rows, note):
    DeltaTable(tokens.path("tokens")).create_checkpoint()
    for version in (0, 1):
        tokens.storage.delete(f"tokens/_delta_log/{version:020d}.json")
    age(tokens, 10)
    fresh = Lake(tokens.root)
    assert vacuum(fresh).files == 2
    assert fresh.files("tokens")[0].path in set(fresh.storage.files_below("tokens"))


def test_nothing_of_a_table_is_deleted_while_a_pinned_version_of_it_cannot_be_read(tokens):
    pin(tokens, "tokens", 0, "model-a")
    DeltaTable(tokens.path("tokens")).create_checkpoint()
    tokens.storage.delete(f"tokens/_delta_log/{0:020d}.json")
    age(tokens, 10)
    with pytest.raises(LostPinError, match="version 0 has, which is pinned for model-a"):
        vacuum(Lake(tokens.root))


def test_versions_whose_files_somebody_else_has_deleted_are_not_called_readable(tokens):
    assert whole_since(tokens, "tokens", 0) == 0
    tokens.storage.delete(f"tokens/{tokens.files('tokens', 1)[0].path}")
    assert whole_since(tokens, "tokens", 0) == 2


def test_partitions_are_below_folders(tmp_path, note):
    from pipelines.tables import sequences

    lake, table = Lake(str(tmp_path / "lake")), sequences("causal")
    empty = dict.fromkeys(table.schema.names)
    both = pa.Table.from_pylist(
        [{**empty, "sequence_id": split, "split": split, "run_id": "r"} for split in ("train", "heldout")],
        table.schema,
    )
    lake.append(both, table, note("run-0"), None)
    lake.overwrite(both, table, note("run-1", "rebuild"), 0)
    age(lake, 10, table=table.name)
    assert vacuum(lake, table=table.name).files == 2
    assert readable(lake, table.name) == [1]

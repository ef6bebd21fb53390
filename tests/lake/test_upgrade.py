"""A lake of contract 1 becomes one of this contract: same rows, other names, and tables that describe themselves."""

import older_lake
import pytest
from deltalake import DeltaTable

from lake.contract import outdated, require
from lake.lake import Lake
from lake.ledger import plan
from lake.upgrade import upgraded
from pipelines.semantics import Semantics
from pipelines.sequences.reader import Sequences
from pipelines.tables import (
    CLEAN_DOCUMENTS,
    CONTRACT,
    CONTRACT_PROPERTY,
    DECISIONS,
    DUPLICATES,
    MEASURES,
    SIGNATURES,
    TABLES,
    TOKENS,
    ContractError,
    SequenceFormat,
    sequences,
)

DEFINED = {table.name: table for table in (*TABLES, sequences("causal"))}

RENAMED = ("clean_documents", "tokens")

STEPS = (
    (MEASURES, ["documents"]),
    (DECISIONS, ["measures"]),
    (SIGNATURES, ["decisions", "measures"]),
    (DUPLICATES, ["signatures", "measures", "decisions"]),
    (CLEAN_DOCUMENTS, ["decisions", "measures", "duplicates"]),
    (TOKENS, ["clean_documents"]),
    (sequences("causal"), ["tokens"]),
)


@pytest.fixture
def old(tmp_path):
    return Lake(older_lake.unpack(tmp_path))


@pytest.fixture
def new(old):
    """The same lake, upgraded."""
    upgrade(old)
    return old


def upgrade(lake):
    return [upgraded(lake, table) for table in outdated(lake)]


def rows(lake, table, version=None):
    """All rows of a version, as delta-rs reads them."""
    found = DeltaTable(lake.path(table), version=version).to_pyarrow_table().to_pylist()
    return sorted(found, key=lambda row: [str(row[name]) for name in DEFINED[table].key])


def test_every_table_follows_the_contract(new):
    assert {name: new.properties(name)[CONTRACT_PROPERTY] for name in new.tables()} == dict.fromkeys(
        new.tables(), str(CONTRACT)
    )
    require(new)


def test_every_table_has_the_columns_of_the_contract(new):
    assert {name: new.schema(name) for name in new.tables()} == {name: DEFINED[name].schema for name in new.tables()}


@pytest.mark.parametrize("table", RENAMED)
def test_the_group_of_the_split_keeps_its_values(new, table):
    before = rows(new, table, new.version(table) - 1)
    named = [{**row, "split_group_id": row["cluster_id"]} for row in before]
    columns = new.schema(table).names
    assert rows(new, table) == [{name: row.get(name) for name in columns} for row in named]
    assert len({row["split_group_id"] for row in rows(new, table)}) > 20


def test_documents_get_the_path_of_their_file_and_nothing_else(new):
    before = rows(new, "documents", new.version("documents") - 1)
    after = rows(new, "documents")
    assert [{name: value for name, value in row.items() if name != "path"} for row in after] == before
    assert {row["path"] for row in after} == {"notes.jsonl", "more.jsonl", "mail.txt", "page.html", "torn.jsonl.gz"}
    assert all(row["uri"].endswith(f"/{row['path']}") for row in after)


def test_inputs_have_one_row_a_file_and_their_sums_hold(new):
    files = rows(new, "inputs")
    assert len({(row["source"], row["path"]) for row in files}) == len(files)
    for count in ("documents", "rejects"):
        assert sum(row[count] for row in files) == new.rows(count)
    assert all(row["rows_read"] + row["kept"] == row["documents"] + row["rejects"] for row in files)


def test_a_file_has_one_row_with_the_counts_of_its_last_reading(new):
    [row] = [row for row in rows(new, "inputs") if row["path"] == "notes.jsonl"]
    counts = {name: row[name] for name in ("rows_read", "documents", "rejects", "known", "kept")}
    assert counts == {"rows_read": 24, "documents": 25, "rejects": 0, "known": 23, "kept": 1}


def test_a_file_that_could_not_be_read_is_to_be_tried_again(new):
    assert [row["path"] for row in rows(new, "inputs") if row["retry"]] == ["dangling.jsonl"]


def test_rejects_are_those_of_the_last_reading_of_each_file(new):
    assert sorted((row["path"], row["reason"]) for row in rows(new, "rejects")) == [
        ("dangling.jsonl", "unreadable"),
        ("picture.bin", "unsupported"),
        ("torn.jsonl.gz", "truncated"),
    ]


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "in reverse"])
def test_tables_may_be_upgraded_in_any_order(tmp_path, new, order):
    other = Lake(older_lake.unpack(tmp_path / "other"))
    for table in outdated(other)[::order]:
        upgraded(other, table)
    for table in ("inputs", "documents", "rejects"):
        assert rows(other, table) == rows(new, table)


@pytest.mark.parametrize("table", ["measures", "decisions", "duplicates", "sequences_causal"])
def test_no_file_of_the_other_tables_is_written(new, table):
    assert new.files(table) == new.files(table, new.version(table) - 1)


def test_sequences_describe_themselves_as_their_commits_did(old):
    detail = old.last_own_commit("sequences_causal").metadata.detail
    upgrade(old)
    assert SequenceFormat.of(old.properties("sequences_causal")) == SequenceFormat(
        "causal", 128, 16, int(detail["pad"]), int(detail["separator"]), detail["tokenizer"]
    )


def test_documents_come_back_from_the_sequences(new):
    packed = Sequences(new.root, "causal")
    texts = {doc_id: packed.text(ids) for doc_id, ids in packed.documents().items()}
    assert texts == {row["doc_id"]: row["text"] for row in rows(new, "clean_documents")}


def test_an_upgraded_lake_has_nothing_to_upgrade(new):
    versions = {name: new.version(name) for name in new.tables()}
    assert upgrade(new) == []
    assert {name: new.version(name) for name in new.tables()} == versions


def test_a_commit_of_an_upgrade_says_of_the_rows_what_the_one_before_said(old):
    before = old.last_own_commit("signatures").metadata
    upgrade(old)
    after = old.last_own_commit("signatures").metadata
    assert (after.mode, after.config_hash, after.detail) == ("upgrade", before.config_hash, before.detail)
    assert (after.rows_in, after.rows_out) == (0, 0)


def test_inputs_that_were_not_noted_are_noted(old):
    assert old.last_own_commit("duplicates").metadata.inputs == {"signatures": 2}
    upgrade(old)
    assert old.last_own_commit("duplicates").metadata.inputs == {"signatures": 2, "decisions": 2, "measures": 2}


@pytest.mark.parametrize(("table", "inputs"), STEPS, ids=lambda each: getattr(each, "name", ""))
def test_an_upgrade_is_no_work_for_the_steps(new, table, inputs):
    settings = new.last_own_commit(table.name).metadata.config_hash
    assert (
        plan(new, "step", table, inputs, settings, Semantics("making", {1: "first"}), keep_old=True).mode == "nothing"
    )


def test_what_was_committed_before_an_upgrade_and_not_processed_is_new_work(old):
    """As when a run was killed between two steps, by the version before."""
    old.storage.delete("tokens/_delta_log/00000000000000000002.json")
    fresh = [commit.metadata.run_id for commit in old.commits("clean_documents", after=1)]
    upgrade(old)
    settings = old.last_own_commit("tokens").metadata.config_hash
    work = plan(old, "tokenize", TOKENS, ["clean_documents"], settings, Semantics("encoding", {1: ""}), keep_old=True)
    assert (work.mode, work.fresh) == ("append", {"clean_documents": tuple(fresh)})


def test_an_upgrade_that_ended_between_tables_goes_on(old):
    first = outdated(old)[0]
    upgraded(old, first)
    with pytest.raises(ContractError, match="run `tokenlake upgrade "):
        require(old)
    assert first not in outdated(old)
    upgrade(old)
    require(old)


def test_an_upgrade_that_ended_before_a_commit_leaves_no_file_behind(old, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "commit_files", killed)
        with pytest.raises(KeyboardInterrupt):
            upgraded(old, TOKENS)
    upgrade(old)
    committed = {file.path for version in range(old.version("tokens") + 1) for file in old.files("tokens", version)}
    assert {name for name in old.storage.files_below("tokens") if name.endswith(".parquet")} == committed


def test_a_newer_contract_is_refused_and_nothing_changes(old):
    DeltaTable(old.path("tokens")).alter.set_table_properties(
        {CONTRACT_PROPERTY: str(CONTRACT + 1)}, raise_if_not_exists=False
    )
    before = {name: old.version(name) for name in old.tables()}
    with pytest.raises(ContractError, match=f"tokens follows contract {CONTRACT + 1} of a newer tokenlake"):
        upgrade(old)
    assert {name: old.version(name) for name in old.tables()} == before


def test_tables_of_other_programs_are_left_alone(old):
    import pyarrow as pa
    from deltalake import write_deltalake

    write_deltalake(old.path("mine"), pa.table({"x": [1]}))
    upgrade(old)
    assert old.version("mine") == 0
    require(old)

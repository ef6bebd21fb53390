"""What is wrong with a table, a file or a row is named; nothing hangs, and no wrong row is given."""

import json
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, TableFeatures
from other_writers import actions, commit, data_files, replace
from sequence_tables import CAUSAL, append, packed_rows

from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.lock import exclusive
from pipelines.errors import MissingPathError
from pipelines.tables import CONTRACT, CONTRACT_PROPERTY, ContractError, sequences
from training.feed.errors import FeedError, FeedMisuseError
from training.feed.opening import open_feed
from training.feed.order import Shuffle
from training.feed.table import open_table


@pytest.fixture
def table(tmp_path):
    """Three files of 100 rows."""
    for number in range(3):
        append(tmp_path, packed_rows(100, 100 * number))
    return Path(tmp_path, "sequences_causal")


def feed(table, **options):
    settings = {"batch_size": 10, "epochs": 1, "seed": 1, "prefetch": 0, "shuffle": None} | options
    return open_feed(str(table.parent), "causal", **settings)


def rows_read(table, **options):
    """Numbers of the rows of a whole epoch, or the error that ends it, and those before."""
    found = []
    try:
        for batch in feed(table, **options):
            found += batch.row.tolist()
    except FeedError as error:
        return found, error
    return found, None


def properties(table, **changes):
    """Commits other table properties; None takes one away."""
    metadata = [each["metaData"] for each in actions(table) if "metaData" in each][-1]
    configuration = metadata["configuration"] | {f"tokenlake.{name}": text for name, text in changes.items()}
    configuration = {name: text for name, text in configuration.items() if text is not None}
    commit(table, {"metaData": {**metadata, "configuration": configuration}})


# What is refused when a table is opened


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(MissingPathError, match="no table sequences_causal"):
        open_feed(str(tmp_path), "causal", batch_size=1)


def test_a_version_that_is_not_there(table):
    with pytest.raises(MissingPathError, match="no table sequences_causal of version 77"):
        feed(table, version=77)


@pytest.mark.parametrize("name", ["objective", "length", "id_bits", "pad_id", "separator_id", "tokenizer"])
def test_a_table_without_a_property(table, name):
    properties(table, **{name: None})
    with pytest.raises(FeedError, match=rf"sequences_causal: table property 'tokenlake\.{name}' is missing or wrong"):
        feed(table)


def test_a_property_that_is_no_number(table):
    properties(table, length="many")
    with pytest.raises(FeedError, match=r"table property .*many.* is missing or wrong; pack the table again"):
        feed(table)


@pytest.mark.parametrize(
    ("contract", "message"), [(CONTRACT - 1, "tokenlake upgrade "), (CONTRACT + 1, "of a newer tokenlake")]
)
def test_a_table_of_another_contract(table, contract, message):
    properties(table, **{CONTRACT_PROPERTY.removeprefix("tokenlake."): str(contract)})
    with pytest.raises(ContractError, match=message):
        feed(table)


def test_an_empty_split(table):
    with pytest.raises(FeedMisuseError, match=r"version 2: split heldout is empty; it has the splits train"):
        feed(table, split="heldout")


def test_a_table_without_rows(table):
    for path in data_files(table):
        commit(table, {"remove": {"path": path.replace("=", "%3D"), "deletionTimestamp": 0, "dataChange": True}})
        commit(table, {"remove": {"path": path, "deletionTimestamp": 0, "dataChange": True}})
    with pytest.raises(FeedMisuseError, match="split train is empty; it has no rows"):
        feed(table)


def test_deletion_vectors(table):
    DeltaTable(str(table)).alter.add_feature(TableFeatures.DeletionVectors, allow_protocol_versions_increase=True)
    with pytest.raises(FeedError, match=r"another program enabled deletionVectors.* Purge deletion vectors"):
        feed(table)


def test_renamed_columns_of_reader_version_2(table):
    commit(table, {"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}})
    with pytest.raises(FeedError, match="another program enabled columnMapping"):
        feed(table)


def test_features_that_hide_nothing_are_no_reason_to_refuse(table):
    names = ["timestampNtz", "vacuumProtocolCheck"]
    commit(
        table,
        {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": names, "writerFeatures": names}},
    )
    assert rows_read(table) == (list(range(300)), None)


def test_a_file_whose_rows_the_log_does_not_count(table):
    path = replace(table, data_files(table)[1], with_statistics=False, compression="none")
    with pytest.raises(FeedError, match=rf"{path}: the log does not count its rows"):
        feed(table)


# What is found while rows are read


def test_a_file_that_vanishes_in_the_middle_of_an_epoch(table):
    gone = data_files(table)[1]
    opened = iter(feed(table))
    rows = next(opened).row.tolist()
    (table / gone).unlink()
    with pytest.raises(FeedError, match=rf"{gone}: this file of version 2 is gone.* pin .*sequences_causal 2 "):
        rows.extend(row for batch in opened for row in batch.row.tolist())
    assert rows == list(range(len(rows)))
    assert 10 <= len(rows) <= 100


def test_a_vacuumed_version(table):
    lake = Lake(str(table.parent))
    made = sequences("causal", CAUSAL)
    with exclusive(lake.root):
        written = list(lake.write(packed_rows(40), made, "run-new"))
        lake.commit_files(
            written, made, CommitMetadata("run-new", "pack", "rebuild", "c", "v", {}, 0.0), "overwrite", 2
        )
    DeltaTable(str(table)).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    assert rows_read(table) == (list(range(40)), None)
    found, error = rows_read(table, version=2)
    assert found == []
    assert "this file of version 2 is gone" in str(error)


def test_a_feed_that_has_mapped_its_files_goes_on_without_them(table):
    opened = iter(feed(table, batch_size=30, shuffle=Shuffle(1, 300)))
    rows = next(opened).row.tolist()
    assert {row // 100 for row in rows} == {0, 1, 2}
    for path in data_files(table):
        (table / path).unlink()
    rows += [row for batch in opened for row in batch.row.tolist()]
    assert sorted(rows) == list(range(300))


@pytest.mark.parametrize("cut", [1, 8, 100, 3000])
def test_a_file_that_was_cut_short(table, cut):
    path = data_files(table)[1]
    whole = (table / path).read_bytes()
    (table / path).write_bytes(whole[:-cut])
    found, error = rows_read(table)
    assert f"{path}: ends at byte {len(whole) - cut:,}, Delta's log says {len(whole):,}" in str(error)
    assert found == list(range(len(found)))
    assert len(found) <= 100


@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"x"], ids=["zeros", "ones", "text"])
def test_a_file_of_other_bytes_and_the_same_size(table, fill):
    path = data_files(table)[1]
    size = (table / path).stat().st_size
    (table / path).write_bytes(fill * size)
    _, error = rows_read(table)
    assert f"{path}: does not end as a Parquet file does" in str(error)


def test_other_bytes_where_rows_should_lie(table):
    path = data_files(table)[1]
    whole = bytearray((table / path).read_bytes())
    chunk = pq.read_metadata(table / path).row_group(0).column(2)
    assert chunk.path_in_schema == "ids"
    start = chunk.data_page_offset
    whole[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    (table / path).write_bytes(whole)
    found, error = rows_read(table)
    assert f"{path}: cannot be read as a file of {table}, version 2" in str(error)
    assert len(found) <= 100


@pytest.mark.parametrize("at", range(0, 100, 7))
def test_a_damaged_footer_is_an_error_and_no_crash(table, at):
    path = data_files(table)[1]
    whole = bytearray((table / path).read_bytes())
    size = int.from_bytes(whole[-8:-4], "little") + 8
    place = len(whole) - size + at * (size - 8) // 100
    whole[place : place + 12] = b"\xff" * 12
    (table / path).write_bytes(whole)
    found, error = rows_read(table)
    if error is None:  # the bytes were of a statistic that nobody reads
        assert found == list(range(300))
    else:
        assert path in str(error)
        assert found == list(range(len(found)))


def test_a_footer_that_says_it_is_longer_than_the_file(table):
    path = data_files(table)[1]
    whole = bytearray((table / path).read_bytes())
    whole[-8:-4] = (1 << 30).to_bytes(4, "little")
    (table / path).write_bytes(whole)
    _, error = rows_read(table)
    assert path in str(error)


@pytest.mark.parametrize("column", ["ids", "doc_lengths"])
def test_a_missing_column(table, column):
    path = replace(table, data_files(table)[2], lambda rows: rows.drop_columns([column]), compression="none")
    _, error = rows_read(table)
    assert path in str(error)
    assert column in str(error)


def with_column(rows, name, values):
    return rows.set_column(rows.schema.get_field_index(name), name, pa.array(values, rows.schema.field(name).type))


@pytest.mark.parametrize("size", [0, 2, 30, 34, 64])
def test_a_row_of_another_length(table, size):
    def change(rows):
        return with_column(rows, "ids", [*rows["ids"].to_pylist()[:-1], bytes(size)])

    path = replace(table, data_files(table)[0], change, compression="none", use_dictionary=False)
    _, error = rows_read(table)
    assert f"{path}: a row has {size // 2} ids, the table's have 16" in str(error)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([17], r"doc_lengths of a row add up to 17, rows have 16 ids"),
        ([-3, 5], r"doc_lengths of a row hold -3"),
        ([2**31 - 1, 2**31 - 1], r"doc_lengths of a row add up to 4,294,967,294"),
    ],
)
def test_doc_lengths_that_do_not_add_up(table, lengths, message):
    def change(rows):
        return with_column(rows, "doc_lengths", [lengths, *rows["doc_lengths"].to_pylist()[1:]])

    path = replace(table, data_files(table)[0], change, compression="none", use_dictionary=False)
    _, error = rows_read(table)
    assert f"{path}: " in str(error)
    assert message in str(error)


@pytest.mark.parametrize("column", ["ids", "doc_lengths"])
def test_a_null(table, column):
    def change(rows):
        return with_column(rows, column, [None, *rows[column].to_pylist()[1:]])

    path = replace(table, data_files(table)[0], change, compression="none", use_dictionary=False)
    _, error = rows_read(table)
    assert path in str(error)
    assert column in str(error)


def test_a_log_that_counts_other_rows_than_the_file_has(table):
    path = data_files(table)[2]
    [old] = [each["add"] for each in actions(table) if unquote(each.get("add", {}).get("path", "")) == path]
    commit(table, {"add": {**old, "stats": json.dumps({"numRecords": 90})}})
    _, error = rows_read(table)
    assert f"{path}: has 100 rows, Delta's log says 90" in str(error)


@pytest.mark.parametrize("prefetch", [0, 1, 3])
def test_an_error_comes_where_its_batch_would_have_come(table, prefetch):
    (table / data_files(table)[2]).unlink()
    whole = feed(table, prefetch=prefetch)
    found = []
    with pytest.raises(FeedError, match="is gone"):
        found.extend(row for batch in whole for row in batch.row.tolist())
    assert found == list(range(len(found)))


def test_a_worker_of_a_torch_loader_says_which_file_is_gone(table):
    from training.feed.torch_batches import FeedLoader

    gone = data_files(table)[2]
    (table / gone).unlink()
    loader, found = FeedLoader(feed(table), workers=2), []
    with pytest.raises(FeedError, match=rf"{gone}: this file of version 2 is gone"):
        found.extend(batch.samples for batch in loader)
    assert found == list(range(10, 10 * len(found) + 1, 10))
    assert loader.state_dict()["samples"] == 10 * len(found)


def test_after_an_error_the_state_is_that_of_the_last_batch(table):
    path = table / data_files(table)[1]
    whole, shuffle = path.read_bytes(), Shuffle(5, 4)
    path.unlink()
    first, found = feed(table, shuffle=shuffle), []
    with pytest.raises(FeedError, match="is gone"):
        found.extend(row for batch in first for row in batch.row.tolist())
    path.write_bytes(whole)
    second = feed(table, shuffle=shuffle, state=first.state(), batch_size=7, tail="pad")
    found += [row for batch in second for row in batch.row.tolist() if row >= 0]
    assert sorted(found) == list(range(300))
    assert found == np.concatenate([batch.row for batch in feed(table, shuffle=shuffle)]).tolist()


def test_every_file_is_named_by_the_table_as_the_log_names_it(table):
    opened = open_table(str(table.parent), "causal")
    assert [opened.path(number) for number in range(3)] == [str(table / path) for path in data_files(table)]

"""The readings that contract 1 noted become one row for each file."""

from datetime import UTC, datetime

import pyarrow as pa

from lake.earlier_inputs import NEEDED, EarlierInputs


def reading(path, day, documents, rejects=0, root="/data"):
    return {
        "source": "s",
        "uri": f"{root}/{path}",
        "path": path,
        "settings": "feed",
        "rows_read": documents + rejects,
        "documents": documents,
        "rejects": rejects,
        "run_id": f"ingest-{day}",
        "recorded_at": datetime(2026, 1, day, tzinfo=UTC),
    }


def reject(path, day, reason, root="/data"):
    return dict(zip(NEEDED, ("s", f"{root}/{path}", reason, f"ingest-{day}"), strict=True))


def earlier(readings, rejects=()):
    return EarlierInputs(
        pa.Table.from_pylist(readings),
        pa.Table.from_pylist(list(rejects), schema=pa.schema([(name, pa.string()) for name in NEEDED])),
    )


def only_row(found):
    [row] = found.rows()
    return row


def test_a_file_that_was_read_once_keeps_its_counts():
    row = only_row(earlier([reading("a.txt", 1, documents=3, rejects=2)], [reject("a.txt", 1, "empty")] * 2))
    assert (row["documents"], row["rejects"], row["known"], row["kept"], row["retry"]) == (3, 2, 0, 0, False)
    assert (row["root"], row["stamp"], row["settings"]) == ("/data", "", "0:feed")


def test_known_records_of_a_changed_file_are_no_rejects_and_lost_ones_are_kept():
    readings = [reading("a.txt", 1, documents=5), reading("a.txt", 2, documents=1, rejects=4)]
    rejects = [*([reject("a.txt", 2, "already_ingested")] * 3), reject("a.txt", 2, "empty")]
    row = only_row(earlier(readings, rejects))
    assert (row["documents"], row["rejects"], row["known"], row["kept"]) == (6, 1, 3, 2)
    assert row["rows_read"] + row["kept"] == row["documents"] + row["rejects"]


def test_a_file_that_could_not_be_read_is_tried_again():
    readings = [reading("a.txt", 1, documents=0, rejects=1), reading("b.txt", 1, documents=0, rejects=1)]
    found = earlier(readings, [reject("a.txt", 1, "unreadable"), reject("b.txt", 1, "unsupported")])
    assert {row["path"]: row["retry"] for row in found.rows()} == {"a.txt": True, "b.txt": False}


def test_a_file_in_a_folder_that_moved_is_one_file():
    readings = [reading("a.txt", 1, documents=2), reading("a.txt", 2, documents=1, root="/mnt/data")]
    assert only_row(earlier(readings))["root"] == "/mnt/data"


def test_rows_are_placed_by_the_uri_of_their_file():
    rows = pa.table({"source": ["s", "s"], "uri": ["/data/deep/a.txt", "/elsewhere/b.txt"]})
    found = earlier([reading("deep/a.txt", 1, documents=1)]).paths(rows)
    assert found.to_pylist() == ["deep/a.txt", "/elsewhere/b.txt"]


def test_rejects_of_earlier_readings_and_of_known_records_are_not_current():
    readings = [reading("a.txt", 1, documents=0, rejects=1), reading("a.txt", 2, documents=0, rejects=2)]
    rejects = [reject("a.txt", 1, "empty"), reject("a.txt", 2, "empty"), reject("a.txt", 2, "already_ingested")]
    found = earlier(readings, rejects)
    assert found.is_current(found.rejects).to_pylist() == [False, True, False]

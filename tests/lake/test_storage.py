"""Files and listings under a root: the same for a folder and for a location that fsspec knows."""

import os
import uuid

import pytest

from pipelines.storage.files import Entry
from pipelines.storage.storage import Storage


@pytest.fixture(params=["folder", "memory"])
def storage(request, tmp_path):
    if request.param == "folder":
        yield Storage(f"{tmp_path}/new/root/")
        return
    storage = Storage(f"memory://{uuid.uuid4().hex}/root")
    yield storage
    storage.delete("")


def test_what_is_written_is_read(storage):
    assert storage.read_text("a/b.json") is None
    storage.write_text("a/b.json", "é" * 10)
    storage.write_text("a/b.json", "ß\n")
    assert storage.read_text("a/b.json") == "ß\n"
    assert storage.size("a/b.json") == 3
    with storage.open("a/b.json") as stream:
        assert stream.read() == "ß\n".encode()


def test_bytes_are_written_as_they_come(storage):
    with storage.create("d/file") as stream:
        stream.write(b"one")
        stream.write(b"two")
    with storage.open("d/file") as stream:
        assert stream.read() == b"onetwo"


def test_entries_are_those_directly_below_by_name(storage):
    for name in ("b/c/d", "b/a", "z"):
        storage.write_text(name, "x")
    assert storage.entries() == [Entry("b", True), Entry("z", False)]
    assert storage.entries("b") == [Entry("a", False), Entry("c", True)]
    assert list(storage.files_below("b")) == ["a", "c/d"]


def test_what_is_not_there_has_no_entries_and_is_removed_without_complaint(storage):
    assert storage.entries("no/such") == []
    assert list(storage.files_below("no/such")) == []
    assert not storage.exists("no/such")
    storage.delete("no/such")


def test_a_file_has_no_entries(storage):
    storage.write_text("a", "x")
    assert [entry for entry in storage.entries("a") if entry.is_folder] == []


def test_a_folder_is_removed_with_all_that_is_in_it(storage):
    storage.write_text("a/b/c", "x")
    storage.write_text("d", "x")
    storage.delete("a")
    storage.delete("d")
    assert not storage.exists("a/b/c")
    assert storage.entries() == []


@pytest.mark.parametrize("name", ["with space", "ü漢", "a#b", "50%", "{x}*?[y]", "'\""])
def test_names_may_hold_what_file_systems_take(storage, name):
    if not storage.root.startswith("/") and set(name) & set("*?["):
        pytest.skip("fsspec takes these for patterns")
    storage.write_text(f"{name}/{name}", "x")
    assert storage.entries() == [Entry(name, True)]
    assert storage.read_text(f"{name}/{name}") == "x"
    storage.delete(name)
    assert not storage.exists(name)


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    storage = Storage(str(tmp_path))
    storage.write_text("a", "old")
    with pytest.raises(UnicodeEncodeError):
        storage.write_text("a", "new \ud800")
    assert storage.read_text("a") == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_is_removed_and_not_what_it_points_to(tmp_path):
    storage = Storage(str(tmp_path))
    storage.write_text("real/file", "x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    storage.delete("link")
    assert storage.entries() == [Entry("real", True)]
    assert storage.read_text("real/file") == "x"

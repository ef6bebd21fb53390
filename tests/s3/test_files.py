"""What every kind of storage promises, in one text for the three: a folder, objects on the server, fsspec's memory."""

import os
import uuid

import pytest

from pipelines.storage.files import Entry
from pipelines.storage.storage import Storage


@pytest.fixture(params=["folder", "objects", "memory"])
def storage(request, tmp_path):
    if request.param == "folder":
        return Storage(f"{tmp_path}/root")
    if request.param == "objects":
        return Storage(request.getfixturevalue("bucket").uri("some/root"))
    return Storage(f"memory://{uuid.uuid4().hex}/root")


NAMES = ["plain", "with space", "ü漢", "a+b=c&d", "50%", "%41", "a#b", "'\"", "{x}"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_what_it_says(storage, name):
    storage.write_text(f"{name}/{name}", "text")
    assert storage.read_text(f"{name}/{name}") == "text"
    assert storage.entries() == [Entry(name, True)]
    assert storage.entries(name) == [Entry(name, False)]
    assert list(storage.files_below("")) == [f"{name}/{name}"]
    storage.delete(f"{name}/{name}")
    assert not storage.exists(f"{name}/{name}")


def test_what_is_written_replaces_what_was_there_and_what_is_created_does_not(storage):
    storage.write_text("a", "one")
    storage.write_text("a", "two")
    with pytest.raises(FileExistsError):
        storage.create_text("a", "three")
    assert storage.read_text("a") == "two"
    storage.create_text("b", "")
    assert storage.read_text("b") == ""
    assert storage.size("b") == 0


def test_what_is_not_there_is_none_and_empty_and_an_error_to_open(storage):
    assert storage.read_text("no") is None
    assert storage.entries("no") == []
    assert not storage.exists("no")
    storage.delete("no")
    for ask in (storage.open, storage.size):
        with pytest.raises(FileNotFoundError):
            ask("no")


def test_a_name_is_not_found_by_its_beginning(storage):
    storage.write_text("folder-2/file", "x")
    assert not storage.exists("folder")
    assert storage.entries("folder") == []
    storage.write_text("folder/file", "x")
    storage.delete("folder")
    assert list(storage.files_below("")) == ["folder-2/file"]


def test_an_open_file_seeks_and_reads_any_part(storage):
    data = os.urandom(3 << 20)
    storage.write_bytes("a", data)
    with storage.open("a") as stream:
        assert stream.read(10) == data[:10]
        stream.seek(-20, os.SEEK_END)
        assert stream.read() == data[-20:]
        stream.seek(1 << 20)
        assert stream.read(2 << 20) == data[1 << 20 :]
        assert stream.read(1) == b""
        stream.seek(5)
        assert stream.read() == data[5:]


def test_a_new_file_is_written_in_pieces(storage):
    pieces = [os.urandom(size) for size in (0, 1, 9 << 20, 17, 8 << 20)]
    with storage.create("f/new") as stream:
        for piece in pieces:
            stream.write(piece)
    assert storage.files.read(storage.path("f/new")) == b"".join(pieces)


def test_a_listing_that_begins_somewhere_has_all_from_there(storage):
    for number in range(30):
        storage.write_text(f"log/{number:05d}.json", "x")
    storage.write_text("log/zz/inner", "x")
    names = [entry.name for entry in storage.entries("log", "00027")]
    assert names[-4:] == ["00027.json", "00028.json", "00029.json", "zz"]
    assert [entry.name for entry in storage.entries("log")][:3] == ["00000.json", "00001.json", "00002.json"]


def test_a_folder_of_thousands_is_listed_and_deleted_whole(bucket):
    folder = bucket.folder / "many"
    folder.mkdir()
    for number in range(2300):
        (folder / f"{number:05d}").touch()
    storage = Storage(bucket.uri("many"))
    assert len(storage.entries()) == 2300
    storage.delete("")
    assert storage.entries() == []


def test_an_object_that_is_dropped_before_it_is_closed_is_never_there(bucket):
    storage = Storage(bucket.uri("x"))
    stream = storage.create("a")
    stream.write(b"half")
    del stream
    assert not storage.exists("a")


def test_a_bucket_is_a_folder_and_no_object(bucket):
    root = Storage(bucket.uri("").rstrip("/"))
    root.write_text("some/file", "x")
    assert root.exists("")
    with pytest.raises(FileNotFoundError):
        root.size("")

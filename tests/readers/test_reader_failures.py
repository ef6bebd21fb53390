"""Whatever a reader or a library raises costs one file; what is no file's fault ends the run instead."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from random import Random
from typing import ClassVar

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from deltalake import write_deltalake
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from pipelines.extraction.extractors import ExtractorMissingError
from pipelines.readers import jsonl, listing
from pipelines.readers.config import SourceConfig
from pipelines.readers.dispatch import read
from pipelines.readers.record import Document, ReadStatistics, Reason, Reject
from pipelines.readers.spark import list_inputs
from pipelines.readers.splits import split


def archive(method: int, **members: str) -> bytearray:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as container:
        for name, text in members.items():
            container.writestr(f"{name}.txt", text)
    return bytearray(out.getvalue())


def parquet(**columns: list) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def damaged_member(method: int) -> bytes:
    """An archive whose first member cannot be expanded."""
    content = archive(method, bad=Random(1).randbytes(999).hex(), good="good")
    for at in range(60, 90):
        content[at] = 0xAA
    return bytes(content)


def member_at_the_end() -> bytes:
    """An archive that says one of its members starts within its last bytes."""
    content = archive(zipfile.ZIP_STORED, bad="bad", good="good")
    entry = content.index(b"PK\x01\x02")
    content[entry + 42 : entry + 46] = struct.pack("<I", len(content) - 10)
    return bytes(content)


def member_whose_name_is_no_utf8() -> bytes:
    content = archive(zipfile.ZIP_STORED, **{"é": "bad", "good": "good"})
    return bytes(content.replace("é".encode(), b"\xff\xfe", 1))


def member_without_a_name() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        container.writestr(zipfile.ZipInfo("x"), "good")
    return out.getvalue().replace(b"x", b"", 2).replace(b"\x01\x00\x00\x00good", b"\x00\x00\x00\x00good")


BAD = {
    "lzma.zip": damaged_member(zipfile.ZIP_LZMA),
    "bzip2.zip": damaged_member(zipfile.ZIP_BZIP2),
    "deflate.zip": damaged_member(zipfile.ZIP_DEFLATED),
    "offset.zip": member_at_the_end(),
    "name.zip": member_whose_name_is_no_utf8(),
    "encrypted.parquet": parquet(text=["x"])[:-4] + b"PARE",
    "types.md": b"---\na: !!timestamp soon\n---\n",
}


def read_all(config: SourceConfig) -> tuple[list[Document], list[Reject]]:
    """All records; the counts of each file agree, and each file has its own."""
    records: list[Document | Reject] = []
    for file in list_inputs(config):
        for piece in split([file], config, 1 << 40):
            statistics = ReadStatistics()
            found = list(read(piece, statistics))
            assert statistics.rows == len(found)
            assert found, f"{file.path} leaves a row"
            records += found
    return [r for r in records if isinstance(r, Document)], [r for r in records if isinstance(r, Reject)]


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_makes_a_library_raise_is_rejected_and_the_others_are_read(tmp_path, name):
    (tmp_path / name).write_bytes(BAD[name])
    (tmp_path / "a.jsonl").write_text('{"text": "before"}')
    (tmp_path / "z.txt").write_text("after")
    documents, rejects = read_all(SourceConfig(name="s", path=str(tmp_path)))
    texts = [document.text for document in documents]
    assert texts[0] == "before"
    assert texts[-1] == "after"
    if name == "types.md":
        assert "soon" in texts[1]
    else:
        assert {reject.reason for reject in rejects} <= {Reason.CORRUPT, Reason.UNSUPPORTED}
        assert rejects
    if name.endswith(".zip"):
        assert "good" in texts, "the other member"


def test_a_dictionary_that_says_it_expands_to_a_petabyte_is_not_expanded(read_bytes):
    frame = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 50) + b"\x01\x00\x00"
    dictionary = struct.pack("<II", 0x184D2A5D, len(frame)) + frame
    assert read_bytes(dictionary + zstandard.compress(b'{"text": "x"}'), "a.jsonl.zst").texts == ["x"]


def test_a_delta_table_whose_log_is_broken_is_one_reject(tmp_path):
    for name in ("broken", "whole"):
        write_deltalake(tmp_path / name, pa.table({"text": [f"text of {name}"]}))
    (log,) = (tmp_path / "broken" / "_delta_log").glob("*.json")
    log.write_text(log.read_text()[:-40])
    (tmp_path / "a.txt").write_text("beside")
    documents, (reject,) = read_all(SourceConfig(name="s", path=str(tmp_path)))
    assert [document.text for document in documents] == ["beside", "text of whole"]
    assert reject.reason is Reason.UNREADABLE


class LibraryError(Exception):
    """What a client library of a storage raises: no OSError."""


class BreakingFile(MemoryFile):
    def read(self, *arguments: int) -> bytes:
        if 300_000 <= self.tell() < 700_000:
            raise LibraryError("connection reset by peer")
        return super().read(*arguments)


class BreakingFileSystem(MemoryFileSystem):
    """A storage whose connection breaks in the middle of large files, and whose `denied` cannot be opened."""

    protocol = "breaking"
    store: ClassVar[dict] = {}
    pseudo_dirs: ClassVar[list] = [""]

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("breaking://"))

    def _open(self, path, mode="rb", **options):
        if mode == "rb" and path.endswith("denied.txt"):
            raise LibraryError("denied")
        opened = super()._open(path, mode, **options)
        return BreakingFile(self, path, opened.getvalue()) if mode == "rb" else opened


@pytest.fixture
def breaking() -> BreakingFileSystem:
    fsspec.register_implementation("breaking", BreakingFileSystem, clobber=True)
    return fsspec.filesystem("breaking")


def test_storage_that_breaks_keeps_the_rows_before_and_the_other_files(breaking):
    line = json.dumps({"text": "x" * 980}).encode() + b"\n"
    breaking.pipe({"/in/a.jsonl": line * 1000, "/in/denied.txt": b"x", "/in/b.txt": b"b"})
    documents, rejects = read_all(SourceConfig(name="s", path="breaking://in"))
    assert [d.text for d in documents][-1] == "b"
    assert 200 < len(documents) < 1000
    assert [reject.reason for reject in rejects] == [Reason.UNREADABLE, Reason.UNREADABLE]
    assert ["denied" in reject.detail for reject in rejects] == [False, True]


@pytest.fixture
def lines(tmp_path) -> Callable[[], tuple[list[Document], list[Reject]]]:
    (tmp_path / "a.jsonl").write_text("".join(f'{{"text": "line {n}"}}\n' for n in range(5)))
    (tmp_path / "b.txt").write_text("other")
    return lambda: read_all(SourceConfig(name="s", path=str(tmp_path)))


def raising(error: BaseException) -> Callable:
    """`jsonl.document`, but for the fourth line."""
    healthy = jsonl.document

    def document(position, data, *rest):
        if b"line 3" in data:
            raise error
        return healthy(position, data, *rest)

    return document


def test_an_error_in_a_reader_is_one_reject_behind_the_last_record(lines, monkeypatch):
    monkeypatch.setattr(jsonl, "document", raising(KeyError("text")))
    documents, (reject,) = lines()
    assert [document.text for document in documents] == ["line 0", "line 1", "line 2", "other"]
    assert (reject.reason, reject.detail) == (Reason.READER_FAILED, "KeyError: 'text'")
    assert reject.position == documents[2].position + 1


def test_an_error_while_a_file_is_inspected_is_its_reject(lines, monkeypatch):
    healthy = listing.classify

    def classify(file, *rest):
        if file.path == "a.jsonl":
            raise LookupError("no such thing")
        return healthy(file, *rest)

    monkeypatch.setattr(listing, "classify", classify)
    documents, (reject,) = lines()
    assert [document.text for document in documents] == ["other"]
    assert (reject.reason, reject.detail) == (Reason.READER_FAILED, "LookupError: no such thing")


@pytest.mark.parametrize(
    "error",
    [MemoryError(), ImportError("broken installation"), ExtractorMissingError("install it"), KeyboardInterrupt()],
)
def test_what_is_no_fault_of_the_file_ends_the_reading(lines, monkeypatch, error):
    monkeypatch.setattr(jsonl, "document", raising(error))
    with pytest.raises(type(error)):
        lines()

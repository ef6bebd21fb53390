import gzip
import os
import shutil
import zipfile
from pathlib import Path

import fsspec
import pytest
from pydantic import ValidationError

from pipelines.readers.config import SourceConfig
from pipelines.readers.dispatch import read
from pipelines.readers.finding import SourceError
from pipelines.readers.formats import UnknownFormatError, by_name, choose
from pipelines.readers.listing import list_files
from pipelines.readers.record import InputFile, Reason
from pipelines.readers.splits import split


def source(path, **options) -> SourceConfig:
    return SourceConfig(name="s", path=str(path) if isinstance(path, Path) else path, **options)


def write(folder: Path, **files: bytes | str) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def listed(config: SourceConfig) -> dict[str, InputFile]:
    return {file.path: file for file in list_files(config)}


@pytest.mark.parametrize(
    ("name", "content", "chosen", "codec"),
    [
        ("a.jsonl", b"", "jsonl", ""),
        ("a.ndjson.gz", gzip.compress(b"{}", mtime=0), "jsonl", "gzip"),
        ("A.TXT", b"text", "text", ""),
        ("a.warc.wet.gz", gzip.compress(b"WARC/1.0", mtime=0), "warc", "gzip"),
        ("README", b"text", "text", ""),
        ("part.60375", b"text", "text", ""),
        ("page", b"<!-- saved --> <!DOCTYPE html><p>", "html", ""),
        ("data", b'{"text": "x"}', "json", ""),
        ("records", b'[\n  {"text": "x"}]', "json", ""),
        ("a.json.gz", gzip.compress(b"{}", mtime=0), "json", "gzip"),
        ("archive", gzip.compress(b"WARC/1.0\r\n", mtime=0), "warc", "gzip"),
        ("table.bin", b"PAR1....", "parquet", ""),
        ("utf16", "text".encode("utf-16"), "text", ""),
    ],
)
def test_suffix_and_first_bytes_choose_the_format(tmp_path, name, content, chosen, codec):
    write(tmp_path, **{name: content})
    (file,) = list_files(source(tmp_path))
    assert file.problem is None
    if content:
        assert (file.format, file.codec) == (chosen, codec)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.py", b"import os"), ("a.png", b"\x89PNG\0"), ("binary", b"\x7fELF\0\0"), ("a.parquet", b"text")],
)
def test_files_no_reader_is_for_are_one_reject_that_says_what_there_is(tmp_path, name, content):
    write(tmp_path, **{name: content})
    config = source(tmp_path)
    (file,) = list_files(config)
    (reject,) = read(split([file], config, 100)[0])
    assert reject.reason is Reason.UNSUPPORTED
    assert ".jsonl" in reject.detail or "not of parquet" in reject.detail


def test_unknown_format_names_list_the_known():
    with pytest.raises(UnknownFormatError, match=r"'jsnl'; known: auto, warc, jsonl, json, parquet"):
        by_name("jsnl")
    with pytest.raises(ValidationError, match="known: auto, warc"):
        source("x", format="jsnl")


def test_a_named_format_is_not_questioned(tmp_path):
    write(tmp_path, **{"code.py": b"import os"})
    assert listed(source(tmp_path, format="text"))["code.py"].format == "text"


def test_choose_sees_through_nothing_but_what_it_is_given():
    assert choose("notes", b"plain").name == "text"
    assert choose("notes", b"WARC/1.1\r\n").name == "warc"


def test_folders_are_searched_and_links_do_not_go_in_circles(tmp_path):
    write(tmp_path, **{"a.txt": "a", "d/e/b.txt": "b"})
    (tmp_path / "d" / "loop").symlink_to(tmp_path)
    (tmp_path / "linked.txt").symlink_to(tmp_path / "a.txt")
    assert set(listed(source(tmp_path))) == {"a.txt", "d/e/b.txt", "linked.txt"}


def test_globs_name_files_and_folders(tmp_path):
    write(tmp_path, **{"x/a.txt": "", "x/deep/b.txt": "", "y/c.txt": "", "x/d.md": "", "LICENCE": ""})
    assert set(listed(source(f"{tmp_path}/**/*.txt"))) == {"x/a.txt", "x/deep/b.txt", "y/c.txt"}
    assert set(listed(source(f"{tmp_path}/[xz]*"))) == {"x/a.txt", "x/deep/b.txt", "x/d.md"}
    assert set(listed(source(f"{tmp_path}/LICEN[CS]E*"))) == {"LICENCE"}


def test_exclusions_are_by_name_or_by_path(tmp_path):
    write(tmp_path, **{"a.txt": "", ".git/b.txt": "", "x/.hidden": "", "_SUCCESS": "", "tmp/c.txt": "", "c.txt": ""})
    assert set(listed(source(tmp_path))) == {"a.txt", "c.txt", "tmp/c.txt"}
    assert set(listed(source(tmp_path, exclude=("tmp/*", ".*", "a.*", "**/.*/**")))) == {"c.txt", "_SUCCESS"}


def test_paths_do_not_depend_on_the_mount_point(tmp_path):
    for mount in ("one", "another/place"):
        write(tmp_path / mount, **{"x/a.txt": "a", "y/b.txt": "b"})
        assert set(listed(source(tmp_path / mount))) == {"x/a.txt", "y/b.txt"}
        both = source((f"{tmp_path / mount}/x", f"{tmp_path / mount}/y/b.txt"))
        assert set(listed(both)) == {"x/a.txt", "y/b.txt"}
        assert set(listed(source(f"{tmp_path / mount}/x", root=str(tmp_path / mount)))) == {"x/a.txt"}
    assert set(listed(source(tmp_path / "one" / "x" / "a.txt"))) == {"a.txt"}


def test_a_file_that_two_paths_name_is_listed_once(tmp_path):
    write(tmp_path, **{"a.txt": "a"})
    assert len(list_files(source((str(tmp_path), f"{tmp_path}/*.txt", f"{tmp_path}/a.txt")))) == 1


def test_sources_that_name_nothing_are_errors(tmp_path):
    with pytest.raises(SourceError, match=r"'s'.*absent: no such file"):
        list_files(source(tmp_path / "absent"))
    with pytest.raises(SourceError, match="no file at"):
        list_files(source(f"{tmp_path}/*.txt"))


def test_what_is_no_readable_file_is_a_reject(tmp_path):
    write(tmp_path, **{"good.txt": "good"})
    (tmp_path / "broken.txt").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    files = listed(source(tmp_path))
    assert {name for name, file in files.items() if file.problem} == {"broken.txt", "pipe.txt"}
    assert {file.problem.reason for file in files.values() if file.problem} == {Reason.UNREADABLE}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_folder_is_a_reject(tmp_path):
    write(tmp_path, **{"a.txt": "", "locked/b.txt": ""})
    (tmp_path / "locked").chmod(0)
    assert listed(source(tmp_path))["locked"].problem.reason is Reason.UNREADABLE
    (tmp_path / "locked").chmod(0o700)


def test_a_file_that_vanishes_or_changes_after_listing_is_a_reject(tmp_path):
    config = source(write(tmp_path, **{"a.txt": "one", "b.txt": "two"}))
    pieces = split(list_files(config), config, 100)
    (tmp_path / "a.txt").unlink()
    (tmp_path / "b.txt").write_text("other")
    assert [record.reason for piece in pieces for record in read(piece)] == [Reason.UNREADABLE, Reason.CHANGED]


def test_an_archive_that_is_replaced_is_not_read_from_memory(tmp_path):
    config = source(tmp_path / "a.zip")
    for text in ("one", "two"):
        with zipfile.ZipFile(tmp_path / "new", "w") as archive:
            archive.writestr("a.txt", text)
        (tmp_path / "new").replace(tmp_path / "a.zip")
        (piece,) = split(list_files(config), config, 100)
        assert [record.text for record in read(piece)] == [text]


def fingerprint(path: Path) -> str:
    (file,) = list_files(source(path))
    return file.fingerprint


def test_fingerprints_of_small_files_tell_their_content_only(tmp_path):
    path = write(tmp_path, **{"a.txt": "text"}) / "a.txt"
    before = fingerprint(path)
    os.utime(path, (1, 1))
    assert fingerprint(path) == before
    path.write_text("tex!")
    assert fingerprint(path) != before


def test_fingerprints_of_large_files_change_with_time(tmp_path):
    path = write(tmp_path, **{"a.txt": b"x" * 200_000}) / "a.txt"
    before = fingerprint(path)
    os.utime(path, (1, 1))
    assert fingerprint(path) != before


def test_file_names_that_are_not_utf8_are_read(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("coffee")
    config = source(tmp_path)
    (file,) = list_files(config)
    assert file.path == "caf\\xe9.txt"
    assert [record.text for record in read(split([file], config, 100)[0])] == ["coffee"]


def test_any_file_system_that_fsspec_knows(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe({"/lake/a.jsonl": b'{"text": "one"}\n' * 50, "/lake/d/b.txt": b"two", "/lake/.x": b""})
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("m.txt", "three")
    memory.pipe("/lake/c.zip", (tmp_path / "c.zip").read_bytes())
    config = source("memory://lake")
    pieces = split(list_files(config), config, 100)
    assert {piece.file.path for piece in pieces} == {"a.jsonl", "c.zip!/m.txt", "d/b.txt"}
    assert {piece.file.uri for piece in pieces if piece.file.format == "jsonl"} == {"memory:///lake/a.jsonl"}
    assert sorted(record.text for piece in pieces for record in read(piece)) == ["one"] * 50 + ["three", "two"]
    assert {file.path for file in list_files(source("memory://lake/*.jsonl"))} == {"a.jsonl"}
    memory.rm("/lake", recursive=True)


def test_folders_that_are_delta_tables_need_the_lister_of_delta(tmp_path):
    write(tmp_path, **{"t/_delta_log/0.json": "{}", "t/part.parquet": b"PAR1", "a.txt": "a"})
    files = listed(source(tmp_path))
    assert set(files) == {"t", "a.txt"}
    assert files["t"].problem.reason is Reason.UNSUPPORTED
    shutil.rmtree(tmp_path / "t")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.txt", {"a.txt"}),
        ("t", {"t"}),
        ("*", {"a.txt", "t"}),
        ("t/*.parquet", {"t"}),
        ("t/**", {"t"}),
        ("t/*.csv", None),
    ],
)
def test_a_glob_names_a_delta_table_by_its_folder_or_a_file_in_it(tmp_path, pattern, found):
    write(tmp_path, **{"t/_delta_log/0.json": "{}", "t/part.parquet": b"PAR1", "a.txt": "a"})
    config = source(f"{tmp_path}/{pattern}" if pattern != "t" else f"{tmp_path}/[t]", root=str(tmp_path))
    if found is None:
        with pytest.raises(SourceError, match="no file"):
            listed(config)
    else:
        assert set(listed(config)) == found

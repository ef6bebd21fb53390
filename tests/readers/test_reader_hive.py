"""Values in folder names are columns, for files of every format."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from pipelines.readers.config import SourceConfig


def parquet(**columns: list) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


WARC = (
    b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
    b"Content-Length: 8\r\n\r\nthe text\r\n\r\n"
)
PAGE = b"<!doctype html><html><body><main><p>the text</p></main></body></html>"
FILES = {
    "a.parquet": parquet(text=["the text"]),
    "a.jsonl": b'{"text": "the text"}',
    "a.json": b'[{"text": "the text"}]',
    "a.csv": b"text,n\nthe text,1\n",
    "a.tsv": b"text\tn\nthe text\t1\n",
    "a.txt": b"the text",
    "a.md": b"the text",
    "a.html": PAGE,
    "a.warc": WARC,
    "a.warc.gz": gzip.compress(WARC),
    "a.jsonl.gz": gzip.compress(b'{"text": "the text"}'),
    "a.zip": zipped("inner.txt", b"the text"),
}


def read(read_config, folder: Path, name: str, content: bytes, path: Path | None = None, **options) -> list:
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    wanted = {"meta_columns": ("lang", "part"), **options}
    return read_config(SourceConfig(name="s", path=str(path or folder), **wanted)).documents


@pytest.mark.parametrize("name", FILES)
def test_folders_give_columns_in_every_format(read_config, tmp_path, name):
    (document,) = read(read_config, tmp_path / "lang=de" / "part=7", name, FILES[name], tmp_path)
    assert document.text == "the text"
    assert (document.meta["lang"], document.meta["part"]) == ("de", "7")


def test_values_are_decoded_and_the_default_partition_is_null(read_config, tmp_path):
    folder = tmp_path / "lang=zh%2DHans%3D%C3%A9 x" / "part=__HIVE_DEFAULT_PARTITION__"
    (document,) = read(read_config, folder, "a.txt", b"x", tmp_path)
    assert document.meta == {"lang": "zh-Hans=é x"}


def test_what_a_writer_of_partitions_wrote_is_read_back(read_config, tmp_path):
    values = ["de", "a/b", "ü %", None, ""]
    table = pa.table({"text": [f"text {n}" for n in range(len(values))], "lang": values})
    pyarrow.dataset.write_dataset(
        table,
        tmp_path / "out",
        format="parquet",
        partitioning=pyarrow.dataset.partitioning(pa.schema([("lang", pa.string())]), flavor="hive"),
    )
    config = SourceConfig(name="s", path=str(tmp_path / "out"), meta_columns=("lang",))
    found = {document.text: document.meta.get("lang") for document in read_config(config).documents}
    assert found == {f"text {n}": value for n, value in enumerate(values)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", parquet(text=["the text"], lang=["fr"])),
        ("a.jsonl", json.dumps({"text": "the text", "lang": "fr"}).encode()),
        ("a.csv", b"text,lang\nthe text,fr\n"),
        ("a.md", b"---\nlang: fr\n---\nthe text"),
    ],
)
def test_a_column_of_the_file_wins(read_config, tmp_path, name, content):
    (document,) = read(read_config, tmp_path / "lang=de", name, content, tmp_path)
    assert document.meta["lang"] == "fr"


def test_only_wanted_columns_are_kept_also_as_id_and_url(read_config, tmp_path):
    folder = tmp_path / "lang=de" / "other=1"
    (document,) = read(read_config, folder, "a.txt", b"x", tmp_path, meta_columns=(), id_column="lang")
    assert document.meta == {"id": "de"}


@pytest.mark.parametrize("below", ["lang=de/part=7/a.txt", "lang=de/part=7", "lang=de", "", "*/part=*/*.txt"])
def test_the_folders_that_a_source_names_count_too(read_config, tmp_path, below):
    """A source may be one partition, or the files of one."""
    (document,) = read(read_config, tmp_path / "lang=de" / "part=7", "a.txt", b"x", tmp_path / below)
    assert document.meta == {"lang": "de", "part": "7"}


def test_where_a_source_is_mounted_does_not_count(read_config, tmp_path):
    (document,) = read(
        read_config, tmp_path / "lang=de" / "corpus" / "part=7", "a.txt", b"x", tmp_path / "lang=de" / "corpus"
    )
    assert document.meta == {"part": "7"}


def test_folders_within_an_archive_count(read_config, tmp_path):
    content = zipped("part=7/inner.jsonl", b'{"text": "x"}')
    (document,) = read(read_config, tmp_path / "lang=de", "a.zip", content, tmp_path)
    assert document.meta == {"lang": "de", "part": "7"}


def test_the_innermost_folder_of_a_name_wins(read_config, tmp_path):
    (document,) = read(read_config, tmp_path / "lang=de" / "lang=en", "a.txt", b"x", tmp_path)
    assert document.meta == {"lang": "en"}

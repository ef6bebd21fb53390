"""Everything that a configuration names lies in a bucket: the same lake as from the same files in folders."""

import gzip
import json
import shutil
import zipfile

import corpus
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from commands import succeed, tokenlake
from conftest import new_bucket
from deltalake import write_deltalake
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from lake.lake import Lake
from pipelines.readers.config import SourceConfig
from pipelines.readers.finding import find
from pipelines.storage.storage import Storage

RUN_COLUMNS = {"run_id", "ingested_at", "recorded_at", "policy", "tokenizer"}


def make_inputs(folder):
    """A file of each kind; the same bytes wherever the folder is copied."""
    corpus.make(folder / "folder", 30)
    texts = [corpus.prose(number) for number in range(100, 140)]
    lines = [json.dumps({"text": text}) + "\n" for text in texts]
    (folder / "globs" / "a").mkdir(parents=True)
    (folder / "globs" / "a" / "1.jsonl").write_text("".join(lines[:5]))
    (folder / "globs" / "a" / "2.jsonl.gz").write_bytes(gzip.compress("".join(lines[5:10]).encode(), mtime=0))
    (folder / "globs" / "no.csv").write_text("text\nnot,read\n")
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("inner/3.jsonl", "".join(lines[10:15]))
    pq.write_table(pa.table({"text": texts[15:20]}), folder / "rows.parquet")
    write_deltalake(str(folder / "table"), pa.table({"text": texts[20:25]}))
    with open(folder / "crawl.warc.gz", "wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for number, text in enumerate(texts[25:30]):
            page = f"<html><body><main><p>{text}</p></main></body></html>".encode()
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            record = writer.create_warc_record(
                f"https://site{number}.example.com/page", "response", payload=_stream(page), http_headers=headers
            )
            writer.write_record(record)
    (folder / "settings").mkdir()
    (folder / "settings" / "base.yaml").write_text("extends: technical\nname: base\n")
    (folder / "settings" / "policies").mkdir()
    (folder / "settings" / "policies" / "mine.yaml").write_text("extends: ../base.yaml\nname: mine\n")
    (folder / "settings" / "domains.txt.gz").write_bytes(
        gzip.compress(b"# none\nexample.net\nsite1.example.com\n", mtime=0)
    )
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    trained.train_from_iterator(texts, trainer)
    trained.save(str(folder / "settings" / "tokenizer.json"))


def _stream(data):
    import io

    return io.BytesIO(data)


def write_config(path, root, lake):
    """Every file and folder named below `root`."""
    settings = {
        "lake": lake,
        "sources": [
            {"name": "folder", "path": f"{root}/folder", "url_column": "url"},
            {"name": "globs", "path": [f"{root}/globs/*/*.jsonl*"]},
            {"name": "zip", "path": f"{root}/archive.zip"},
            {"name": "parquet", "path": f"{root}/rows.parquet"},
            {"name": "delta", "path": f"{root}/table"},
            {"name": "warc", "path": f"{root}/crawl.warc.gz"},
        ],
        "clean": {
            "policy": f"{root}/settings/policies/mine.yaml",
            "urls": {"domains": [f"{root}/settings/domains.txt.gz"]},
        },
        "tokenizer": {"name": "own", "load": f"{root}/settings/tokenizer.json"},
        "pack": [{"name": "causal", "length": 128, "heldout": 0.1}],
    }
    path.write_text(yaml.safe_dump(settings))
    return path


def content(lake, table):
    """All rows of a table, without what tells one run from another, and with locations below the root alone."""
    schema = [name for name in lake.schema(table).names if name not in RUN_COLUMNS]
    return sorted(map(repr, lake.read_here(table, schema).to_pylist()))


@pytest.fixture(scope="module")
def made(server, tmp_path_factory):
    folder, bucket = tmp_path_factory.mktemp("named"), new_bucket(server)
    make_inputs(folder / "inputs")
    shutil.copytree(folder / "inputs", bucket.folder / "inputs")
    here = write_config(folder / "here.yaml", folder / "inputs", str(folder / "lake"))
    there = write_config(folder / "there.yaml", bucket.uri("inputs"), bucket.uri("lake"))
    succeed("run", here)
    succeed("run", there)
    return folder, bucket, there


def test_the_rows_are_those_from_local_files(made):
    folder, bucket, _ = made
    here, there = Lake(str(folder / "lake")), Lake(bucket.uri("lake"))
    assert there.tables() == here.tables()
    for table in ("documents", "rejects", "clean_documents", "tokens", "sequences_causal"):
        expected = [row.replace(str(folder), "ROOT") for row in content(here, table)]
        found = [row.replace(f"s3://{bucket.name}", "ROOT") for row in content(there, table)]
        assert found == expected, table
    by_source = there.read_here("documents", ["source"])["source"].value_counts().to_pylist()
    assert {row["values"]: row["counts"] for row in by_source if row["values"] != "folder"} == {
        "globs": 10,
        "zip": 5,
        "parquet": 5,
        "delta": 5,
        "warc": 5,
    }


def test_a_second_run_reads_nothing_and_an_object_that_changes_is_read_again(made):
    _, bucket, config = made
    lake = Lake(bucket.uri("lake"))
    before = {name: lake.version(name) for name in lake.tables()}
    succeed("run", config)
    assert {name: lake.version(name) for name in lake.tables()} == before
    added = bucket.folder / "inputs" / "globs" / "a" / "4.jsonl"
    added.write_text(json.dumps({"text": corpus.prose(777)}) + "\n")
    succeed("run", config)
    assert lake.version("documents") == before["documents"] + 1


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("tokenizer={load: %s}", "none.json"),
        ("clean.policy=%s", "none.yaml"),
        ("sources.0.path=%s", "none"),
    ],
)
def test_a_file_that_is_not_there_is_named(made, key, name):
    _, bucket, config = made
    missing = bucket.uri(f"inputs/{name}")
    done = tokenlake("run", config, "--lake", bucket.uri("other"), "--set", key % missing)
    assert done.status in (1, 2)
    assert missing in done.said


@pytest.mark.parametrize("end", ["", "/"])
def test_a_whole_bucket_is_a_source(bucket, end):
    Storage(bucket.uri("some")).write_text("folder/a.txt", "text")
    config = SourceConfig(name="all", path=f"s3://{bucket.name}{end}")
    assert [(each.relative, each.location) for each in find(config)] == [
        ("some/folder/a.txt", bucket.uri("some/folder/a.txt"))
    ]

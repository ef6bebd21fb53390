"""Exports into a bucket, and from a lake in one: the bytes of an export from a folder into a folder."""

import json
import shutil

import pytest

from jobs.export.destination import MANIFEST
from jobs.export.errors import UnfitExportError
from jobs.export.export import FORMATS, Request, export
from jobs.export.source import Source
from lake.lake import Lake


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_in_a_bucket_has_the_bytes_of_one_in_a_folder(lake, bucket, tmp_path, kind):
    source = Source.open(Lake(lake), "sequences_causal", None)
    export(source, Request(kind, str(tmp_path / "out")))
    export(source, Request(kind, bucket.uri("exports/out")))
    assert files(bucket.folder / "exports" / "out") == files(tmp_path / "out")


def test_a_lake_in_a_bucket_is_exported_as_its_copy_in_a_folder(lake, bucket, tmp_path):
    shutil.copytree(lake, bucket.folder / "lake")
    for name, root in (("remote", bucket.uri("lake")), ("local", lake)):
        export(Source.open(Lake(root), "tokens", None), Request("megatron", str(tmp_path / name)))
    assert (tmp_path / "remote" / "tokens.bin").read_bytes() == (tmp_path / "local" / "tokens.bin").read_bytes()
    manifest = json.loads((tmp_path / "remote" / MANIFEST).read_text())
    assert manifest["source"]["lake"] == bucket.uri("lake")


def test_an_export_that_was_not_completed_is_refused_as_that(lake, bucket):
    (bucket.folder / "out" / "train").mkdir(parents=True)
    (bucket.folder / "out" / "train" / "00000.parquet").write_bytes(b"")
    with pytest.raises(
        UnfitExportError, match=r"exists already without export\.json: an export that was not completed"
    ):
        export(Source.open(Lake(lake), "tokens", None), Request("parquet", bucket.uri("out")))


def test_a_failure_leaves_nothing_in_the_bucket(lake, bucket, monkeypatch):
    def fail(*given):
        raise RuntimeError("at the end")

    monkeypatch.setattr("jobs.export.export._card", fail)
    with pytest.raises(RuntimeError, match="at the end"):
        export(Source.open(Lake(lake), "sequences_causal", None), Request("parquet", bucket.uri("out")))
    assert [path for path in bucket.folder.rglob("*") if path.is_file()] == []

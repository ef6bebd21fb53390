"""Sentence pairs from a bucket into a lake in a bucket: the rows of a local run, and a second run commits nothing."""

import gzip
import zipfile

import lake_rows
import yaml
from commands import succeed

from lake.lake import Lake

LINES = "Hello there.\tGuten Tag.\nhello there\tGuten Tag!\nGood night.\tGute Nacht.\nlost\n"


def test_pairs_in_a_bucket_are_those_of_the_same_files_in_a_folder(bucket, tmp_path):
    folder = bucket.folder / "pairs"
    folder.mkdir()
    (folder / "a.tsv").write_text(LINES)
    (folder / "c.en.gz").write_bytes(gzip.compress(b"One.\nTwo.\n"))
    (folder / "c.de").write_text("Eins.\nZwei.\n")
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr("deu.txt", "Three.\tDrei.\n")
    configs = []
    for name, path, lake in (
        ("bucket", bucket.uri("pairs/"), bucket.uri("lake")),
        ("folder", str(folder), str(tmp_path / "lake")),
    ):
        source = {"name": "pairs", "path": path, "languages": ["en", "de"]}
        configs.append(tmp_path / f"{name}.yaml")
        configs[-1].write_text(yaml.safe_dump({"lake": lake, "pairs": {"sources": [source], "policy": "none"}}))
        succeed("run", configs[-1])
    columns = ["pair_id", "path", "source_text", "target_text", "position"]
    found, wanted = (
        sorted(map(str, lake_rows.read(lake, "pairs").select(columns).to_pylist()))
        for lake in (bucket.folder / "lake", tmp_path / "lake")
    )
    assert found == wanted
    assert len(found) == 6
    opened = Lake(bucket.uri("lake"))
    versions = {name: opened.version(name) for name in opened.tables()}
    succeed("run", configs[0])
    again = Lake(bucket.uri("lake"))
    assert {name: again.version(name) for name in again.tables()} == versions
    succeed("check", bucket.uri("lake"))

"""One spelling for every location, whatever way it was written."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.storage.uri import LakeUri, LocationError, beside, canonical, is_local, is_uri, lake_root

PROJECT = Path(__file__).resolve().parents[2]
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in (".", "..")
)
BUCKETS = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,20}", fullmatch=True)
KEYS = st.lists(NAMES.filter(lambda name: ":" not in name and "@" not in name), max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/a/b", "/a/b"),
        ("/a/../b/", "/b"),
        ("file:///a/b", "/a/b"),
        ("file:/a/b", "/a/b"),
        ("FILE:///a", "/a"),
        ("s3://b/k/", "s3://b/k"),
        ("s3a://b/k", "s3://b/k"),
        ("s3n://b/k", "s3://b/k"),
        ("S3A://b/k", "s3://b/k"),
        ("gcs://b/k", "gs://b/k"),
        ("abfs://c@a.dfs.core.windows.net/k", "abfss://c@a.dfs.core.windows.net/k"),
        ("hdfs://host:8020/k", "hdfs://host:8020/k"),
        ("https://host/a?b=c/", "https://host/a?b=c/"),
    ],
)
def test_each_way_to_write_a_location_has_one_spelling(written, meant):
    assert canonical(written) == meant


@given(path=st.lists(NAMES, min_size=1).map("/".join))
def test_a_path_is_what_the_system_takes_it_for_and_its_spelling_is_stable(path):
    if is_uri(path) or path.startswith("~"):
        return
    found = LakeUri.parse(path)
    assert found.is_local
    assert str(found) == os.path.abspath(path)
    assert LakeUri.parse(str(found)) == found


@given(scheme=st.sampled_from(["s3", "s3a", "S3", "gs", "az"]), bucket=BUCKETS, key=KEYS)
def test_the_spelling_of_an_object_is_stable_and_has_its_bucket_and_key(scheme, bucket, key):
    found = LakeUri.parse(f"{scheme}://{bucket}/{key}")
    assert LakeUri.parse(str(found)) == found
    assert found.is_object
    assert not found.is_local
    assert (found.bucket, found.key) == (bucket, key.strip("/"))


@given(bucket=BUCKETS, key=KEYS, name=NAMES)
def test_what_lies_below_a_location_begins_with_it(bucket, key, name):
    folder = LakeUri.parse(f"s3://{bucket}/{key}")
    assert str(folder / name) == f"{folder}/{name}"


@pytest.mark.parametrize("text", ["s3://", "s3:///key", "gs:///", "s3:/b/k", "hdfs:/k", "abfss:/x"])
def test_a_location_without_its_bucket_or_host_is_refused(text):
    with pytest.raises(LocationError):
        LakeUri.parse(text)


def test_a_secret_in_a_uri_is_refused_and_not_repeated():
    with pytest.raises(LocationError) as caught:
        LakeUri.parse("s3://AKIA:topsecret@bucket/key")
    assert "topsecret" not in str(caught.value)
    assert "environment" in str(caught.value)


def test_dbfs_is_a_path_where_databricks_mounts_it_and_never_a_folder_of_the_working_directory():
    with pytest.raises(LocationError, match="/dbfs is not mounted"):
        LakeUri.parse("dbfs:/x")
    with pytest.raises(LocationError, match="/dbfs is not mounted"):
        LakeUri.parse("dbfs:///x")


@pytest.mark.parametrize("text", ["http://host/lake", "ftp://host/lake", "zip://a.txt::s3://b/c.zip"])
def test_a_lake_lies_where_tables_can_be_committed(text):
    with pytest.raises(LocationError, match="a lake lies in"):
        lake_root(text)


@pytest.mark.parametrize("part", ["a%41b", "a?b", "a#b", "[a]", "a\\b", "a^b", "a|b", "a//b"])
def test_a_lake_is_refused_under_prefixes_that_delta_misreads(part):
    with pytest.raises(LocationError, match="no lake can lie under a prefix with"):
        lake_root(f"s3://bucket/{part}/lake")


@pytest.mark.parametrize("text", ["s3:bucket/lake", "S3A:bucket", "gs:b/k", "abfss:c@a/k", "hdfs:x"])
def test_a_lake_without_the_slashes_of_its_uri_is_no_folder_of_the_working_directory(text):
    with pytest.raises(LocationError, match="write two slashes after"):
        lake_root(text)
    assert is_local(lake_root(f"./{text}"))


@pytest.mark.parametrize("part", ["a b", "ü", "a=1", "a*b", "a+b", "{a}", "a@b", "a:b", "~a", "a&b,c;$!("])
def test_a_lake_lies_under_any_other_prefix(part):
    assert lake_root(f"s3a://bucket/{part}/lake/") == f"s3://bucket/{part}/lake"


def test_two_names_of_a_folder_are_one_lake(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert lake_root(str(tmp_path / "link")) == lake_root(f"file://{tmp_path}/real/")


def test_spark_reads_s3_through_s3a():
    assert LakeUri.parse("s3://b/k").for_spark == "s3a://b/k"
    assert LakeUri.parse("gs://b/k").for_spark == "gs://b/k"


@pytest.mark.parametrize(
    ("folder", "name", "meant"),
    [
        ("", "a.yaml", "a.yaml"),
        ("some/folder", "a.yaml", "some/folder/a.yaml"),
        ("some/folder", "/a.yaml", "/a.yaml"),
        ("s3://b/k", "a.yaml", "s3://b/k/a.yaml"),
        ("s3://b/k", "../a.yaml", "s3://b/a.yaml"),
        ("s3://b/k", "s3://c/a.yaml", "s3://c/a.yaml"),
        ("file:///k", "a.yaml", "/k/a.yaml"),
    ],
)
def test_a_relative_path_starts_from_the_folder_of_the_file_that_names_it(folder, name, meant):
    assert beside(folder, name) == meant


def test_only_a_path_of_this_machine_has_a_path():
    assert is_local("/a")
    assert not is_local("s3://b")
    with pytest.raises(LocationError):
        _ = LakeUri.parse("s3://b/k").path


# Not about where files lie: addresses of pages, in texts, of online stores, of Spark Connect, words of messages.
_OTHER = {
    "pipelines/bitext/rules/hardrules.py",
    "pipelines/urls/url_lists.py",
    "jobs/recorded_config.py",
    "features/store/address.py",
    "jobs/engine/spark/event_log.py",  # the address of a store, which S3A takes without a scheme
}
_LOOKS = re.compile(r"""(["']):?//\1|["']s3a?["']|startswith\(["'](?:s3|gs|hdfs|dbfs|file|abfss)|["'](?:dbfs|hdfs):""")


def test_nothing_but_the_storage_package_looks_into_the_text_of_a_location():
    found = [
        str(path.relative_to(PROJECT))
        for package in ("pipelines", "lake", "jobs", "features", "training")
        for path in (PROJECT / package).rglob("*.py")
        if not path.is_relative_to(PROJECT / "pipelines/storage")
        and any(_LOOKS.search(line.partition("#")[0]) or '"://"' in line for line in path.read_text().splitlines())
    ]
    assert sorted(set(found) - _OTHER) == []


@pytest.mark.parametrize(
    ("inner", "outer", "holds"),
    [
        ("/a/b/c", "/a/b", True),
        ("/a/b/", "/a/b", True),
        ("/a/bc", "/a/b", False),
        ("/a", "/a/b", False),
        ("s3a://k/a/b", "s3://k/a", True),
        ("s3://k/ab", "s3://k/a", False),
        ("/k/a/b", "s3://k/a", False),
    ],
)
def test_a_location_lies_within_a_folder_and_not_beside_it(inner, outer, holds):
    assert LakeUri.parse(inner).is_within(LakeUri.parse(outer)) is holds

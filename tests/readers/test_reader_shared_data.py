"""Real input: every record ends as a document or a reject."""

import gzip
import zipfile
from collections import Counter

import pytest
from warcio.archiveiterator import ArchiveIterator

from pipelines.readers.config import SourceConfig


@pytest.fixture
def read_shared(shared_data, read_config):
    return lambda path, split_bytes=1 << 40, **options: read_config(
        SourceConfig(name="real", path=str(shared_data / path), **options), split_bytes
    )


@pytest.mark.parametrize("name", ["whirlwind.warc.gz", "whirlwind.warc.wet.gz"])
def test_common_crawl_counts_as_warcio_counts(read_shared, shared_data, name):
    reading = read_shared(f"common-crawl/{name}", split_bytes=1000)
    with open(shared_data / "common-crawl" / name, "rb") as stream:
        iterator = ArchiveIterator(stream)
        expected = [(record.rec_type, iterator.get_record_offset()) for record in iterator]
    rows = [offset for kind, offset in expected if kind in ("response", "conversion")]
    assert [document.position for document in reading.documents] == rows
    assert reading.skipped == Counter(kind for kind, _ in expected if kind not in ("response", "conversion"))


def test_a_page_of_common_crawl_is_read_as_its_language_and_without_menus(read_shared):
    (document,) = read_shared("common-crawl/whirlwind.warc.gz").documents
    assert document.meta["url"] == "https://an.wikipedia.org/wiki/Escopete"
    assert "Escopete" in document.text
    assert "Ã" not in document.text


@pytest.mark.parametrize(
    ("case", "subjects", "skipped"),
    [
        ("01-warc-already-dechunked", ["pears", "plums", "apples"], {}),
        ("02-warc-binary-called-html", ["bread", "butter"], {"response application": 2, "response image": 1}),
    ],
)
def test_responses_that_lie_about_their_coding_or_type_are_read_by_their_bytes(
    read_shared, shared_data, case, subjects, skipped
):
    if not (shared_data.parent / "cases" / case).is_dir():
        pytest.skip(f"the case is absent: {case}")
    reading = read_shared(f"../cases/{case}/in/crawl.warc.gz")
    assert [document.text.splitlines()[0] for document in reading.documents] == [f"About {each}" for each in subjects]
    assert (reading.rejects, reading.skipped) == ([], skipped)


def test_the_text_of_wet_is_the_payload(read_shared, shared_data):
    (document,) = read_shared("common-crawl/whirlwind.warc.wet.gz").documents
    content = gzip.decompress((shared_data / "common-crawl/whirlwind.warc.wet.gz").read_bytes()).decode()
    assert document.text in content


def test_speeches_are_read_in_latin1_and_utf8(read_shared):
    reading = read_shared("speeches")
    assert not reading.rejects
    encodings = Counter(document.meta.get("encoding", "utf-8") for document in reading.documents)
    assert encodings["utf-8"] > 100
    assert encodings.total() == len(reading.documents) > 120
    assert set(encodings) - {"utf-8"}


def test_every_declaration_of_human_rights_is_a_document_or_a_reject(read_shared, shared_data):
    with zipfile.ZipFile(shared_data / "udhr/udhr.zip") as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
    reading = read_shared("udhr")
    assert len(reading.records) == len(members) > 300
    assert len(reading.documents) > 0.85 * len(members)
    assert set(reading.reasons) <= {"encoding", "unsupported"}


def test_declarations_named_utf8_are_read_as_such_or_not_at_all(read_shared, shared_data):
    reading = read_shared("udhr", exclude=("*Latin*", "*Cyr*"))
    texts = set(reading.texts)
    with zipfile.ZipFile(shared_data / "udhr/udhr.zip") as archive:
        for info in archive.infolist():
            if info.filename.endswith("-UTF8"):
                data = archive.read(info)
                valid = data.decode("utf-8", "ignore").encode() == data
                assert not valid or data.decode("utf-8-sig") in texts


@pytest.mark.parametrize("unit", ["line", "paragraph"])
def test_wikitext_is_the_same_in_splits(read_shared, unit):
    whole = read_shared("wikitext2", unit=unit)
    assert read_shared("wikitext2", split_bytes=77_777, unit=unit).records == whole.records
    assert len(whole.documents) > 2000


@pytest.mark.parametrize(
    ("case", "documents", "rejects"),
    [
        ("07-json-suffix", 7, []),
        ("09-zstd-long-window", 4, []),
        ("11-csv-backslash", 3, []),
        ("12-parquet-duplicate-columns", 1, ["unsupported"]),
        ("13-hive-partitions", 2, []),
    ],
)
def test_files_of_other_peoples_reports_are_read(read_shared, shared_data, case, documents, rejects):
    if not (shared_data.parent / "cases" / case).is_dir():
        pytest.skip("the cases are not beside the data")
    reading = read_shared(f"../cases/{case}/in", meta_columns=("lang",))
    assert (len(reading.documents), reading.reasons) == (documents, rejects)
    if case.endswith("hive-partitions"):
        assert [document.meta for document in reading.documents] == [{"lang": "de"}, {"lang": "en"}]

"""Sentence pairs: what is read, what is left out, and the features by hand."""

import gzip
import math
import os
import zipfile
from datetime import UTC, datetime, timedelta

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue.translation import LANGUAGE_PAIR_STATISTICS, SEGMENT_MEMORY
from features.computation.bitext import (
    Measuring,
    language_pair_statistics,
    length_counts,
    percentile,
    segment_memory,
)
from features.computation.bitext_lines import read_lines
from features.computation.config import BitextConfig
from features.computation.input_file import InputFileError, found
from features.computation.reading import Reading
from features.definition.view import EVENT_TIMESTAMP
from features.segments import segment_id
from features.tables import columns_of

TIME = datetime(2026, 5, 1, 8, tzinfo=UTC)


def read(path, **settings):
    os.utime(path, (TIME.timestamp(), TIME.timestamp()))
    config = BitextConfig(**{"path": str(path), "source_language": "de", "target_language": "en"} | settings)
    reading = Reading("pairs")
    return pa.Table.from_batches(read_lines(found(str(path)), config, reading)), reading


def test_pairs_are_read_with_the_time_of_the_file(tmp_path):
    (tmp_path / "a.tsv").write_bytes("\ufeffHallo\tHello\r\nJa.\tYes.\n".encode())
    lines, reading = read(tmp_path / "a.tsv")
    assert lines.to_pylist()[0] == {
        "source_language": "de", "target_language": "en", "both_directions": False, "source": "Hallo",
        "target": "Hello", "seen": TIME,
    }  # fmt: skip
    assert reading.described() == "2 pairs"


def test_columns_are_taken_by_their_names(tmp_path):
    (tmp_path / "a.tsv").write_text("Hello\tx\tHallo\t2026-01-02T03:04:05+01:00\nYes\ty\tJa\t2026-01-02\n")
    lines, _ = read(tmp_path / "a.tsv", columns=["target", "ignore", "source", "time"])
    assert lines["source"].to_pylist() == ["Hallo", "Ja"]
    assert lines["seen"].to_pylist() == [datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)]


def test_what_is_no_pair_is_counted_by_reason_with_the_first_line(tmp_path):
    good, bad = (
        b"a\tb\t2026-01-01\n",
        [b"\xff\t\xfe\t2026-01-01\n", b"a\tb\n", b"\n", b"a\t \t2026-01-01\n", b"a\tb\tx\n"],
    )
    (tmp_path / "a.tsv").write_bytes(good + b"".join(bad) + good)
    lines, reading = read(tmp_path / "a.tsv", columns=["source", "target", "time"])
    assert lines.num_rows == reading.rows == 2
    assert reading.described() == (
        "2 pairs; 5 lines left out (1 not in UTF-8, 1 with an empty side, 1 with an unreadable time, "
        "2 with another number of columns; the first: line 2, not in UTF-8)"
    )


@pytest.mark.parametrize("name", ["a.txt.gz", "a.zip", "a.tsv"])
def test_compressed_files_are_read_by_their_names(tmp_path, name):
    content = b"Hallo\tHello\n"
    if name.endswith("gz"):
        (tmp_path / name).write_bytes(gzip.compress(content))
    elif name.endswith("zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("deep/deu.txt", content)
    else:
        (tmp_path / name).write_bytes(content)
    assert read(tmp_path / name)[0].num_rows == 1


def test_of_an_archive_with_several_files_one_must_be_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("deu.txt", "Hallo\tHello\n")
        archive.writestr("about.txt", "licence")
    assert read(tmp_path / "a.zip", member="deu.txt")[0].num_rows == 1
    with pytest.raises(
        InputFileError, match=r"a\.zip: holds several files: name one as `member`; there are deu\.txt, about"
    ):
        read(tmp_path / "a.zip")
    with pytest.raises(InputFileError, match=r"a\.zip: has no file fra\.txt; there are deu\.txt, about\.txt"):
        read(tmp_path / "a.zip", member="fra.txt")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.tsv", b"", r"a\.tsv: the file is empty"),
        ("a.tsv", b"only one column\n", r"a\.tsv: no line is a pair of 2 columns: 0 pairs; 1 line left out"),
        ("a.zip", b"PK no archive", r"a\.zip: cannot be decompressed"),
        ("a.gz", b"no archive", r"a\.gz: cannot be decompressed"),
        ("a.gz", gzip.compress(b"Hallo\tHello\n" * 999, mtime=0)[:40], r"a\.gz: cannot be decompressed"),
    ],
)
def test_a_file_without_pairs_is_named(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFileError, match=said):
        read(tmp_path / name)


def test_a_uri_is_read_as_a_file_is():
    with fsspec.open("memory://bitext/a.tsv.gz", "wb", compression="gzip") as stream:
        stream.write(b"Hallo\tHello\n")
    file = found("memory://bitext/a.tsv.gz")
    config = BitextConfig(path=file.path, source_language="de", target_language="en")
    (batch,) = read_lines(file, config, Reading("pairs"))
    assert batch.to_pylist()[0]["source"] == "Hallo"
    assert abs(file.modified - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputFileError, match=r"gone\.tsv: no such file"):
        found(str(tmp_path / "gone.tsv"))


def letters(texts):
    """A tokenizer whose tokens are characters; `?` is unknown."""
    return pc.utf8_length(texts).cast(pa.int64()), pc.count_substring(texts, "?").cast(pa.int64())


@pytest.fixture
def measured(engine, tmp_path):
    """Pairs of lines, in both directions."""

    def make(lines, count_tokens=letters):
        (tmp_path / "pairs.tsv").write_text("".join(f"{line}\n" for line in lines), "utf-8")
        read_pairs, _ = read(tmp_path / "pairs.tsv", columns=["source", "target", "time"], both_directions=True)
        return engine.frame(pa.Table.from_batches(Measuring(count_tokens)(iter(read_pairs.to_batches()))))

    return make


LINES = [
    "Guten  Morgen!\tGood morning!\t2026-05-01",
    "Guten Morgen!\tMorning!\t2026-05-04",
    " Guten Morgen! \tGood morning!\t2026-05-02",
    "Cafe\u0301\tcafé\t2026-05-03",
    "Café\tcoffee\t2026-05-03",
]


def memory(pairs):
    rows = segment_memory(pairs).toArrow()
    assert rows.schema.names == [*columns_of(SEGMENT_MEMORY).names, EVENT_TIMESTAMP]
    return {(row["source_language"], row["segment_id"]): row for row in rows.to_pylist()}


def test_the_memory_holds_the_most_frequent_target_of_each_normalised_source(measured):
    held = memory(measured(LINES))
    assert len(held) == 2 + 4
    assert held["de", segment_id("Guten Morgen!")] == {
        "segment_id": segment_id("Guten Morgen!"), "source_language": "de", "target_language": "en",
        "best_target": "Good morning!", "score": pytest.approx(2 / 3), "count": 3,
        "targets": ["Good morning!", "Morning!"], "last_seen": datetime(2026, 5, 4, tzinfo=UTC),
        EVENT_TIMESTAMP: datetime(2026, 5, 4, tzinfo=UTC),
    }  # fmt: skip
    back = held["en", segment_id("Good morning!")]
    assert (back["best_target"], back["score"], back["count"]) == ("Guten Morgen!", 1.0, 2)
    assert back[EVENT_TIMESTAMP] == datetime(2026, 5, 2, tzinfo=UTC)


def test_of_equally_frequent_targets_the_shortest_is_best_then_the_first(measured):
    cafe = memory(measured(LINES))["de", segment_id("Café")]
    assert (cafe["best_target"], cafe["targets"], cafe["score"]) == ("café", ["café", "coffee"], 0.5)
    texts = ["c", "b", "a", "aa"]
    tied = memory(measured([f"x\t{text}\t2026-05-01" for text in texts]))["de", segment_id("x")]
    assert tied["targets"] == ["a", "b", "c", "aa"]


def test_ten_targets_are_kept_and_all_are_counted(measured):
    many = memory(measured([f"x\t{number:02d}\t2026-05-01" for number in range(12)]))["de", segment_id("x")]
    assert (many["count"], many["targets"]) == (12, [f"{number:02d}" for number in range(10)])


def test_statistics_of_a_language_pair_by_hand(measured):
    found_rows = language_pair_statistics(
        length_counts(measured(["ab\tabcd?\t2026-05-01", "abcd\tab\t2026-05-03"])).toArrow()
    )
    assert found_rows.schema.names == [*columns_of(LANGUAGE_PAIR_STATISTICS).names, EVENT_TIMESTAMP]
    there, back = found_rows.to_pylist()
    mean = (5 / 2 + 2 / 4) / 2
    assert there == {
        "source_language": "de", "target_language": "en", "pairs": 2, "length_ratio_mean": mean,
        "length_ratio_deviation": 1.0, "source_characters_p50": 2, "source_characters_p99": 4,
        "target_characters_p50": 2, "target_characters_p99": 5, "source_characters_per_token": 1.0,
        "target_characters_per_token": 1.0, "unknown_share": 1 / 13,
        EVENT_TIMESTAMP: datetime(2026, 5, 3, tzinfo=UTC),
    }  # fmt: skip
    assert (back["source_language"], back["length_ratio_mean"]) == ("en", (2 / 5 + 4 / 2) / 2)


def test_without_a_tokenizer_there_are_no_tokens(measured):
    (there, _) = language_pair_statistics(length_counts(measured(["a\tb\t2026-05-01"], None)).toArrow()).to_pylist()
    names = ("source_characters_per_token", "target_characters_per_token", "unknown_share")
    assert [there[name] for name in names] == [None, None, None]


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(1, 5)), min_size=1, max_size=20, unique_by=lambda each: each[0]
    ),
    st.integers(1, 100),
)
def test_a_percentile_is_the_value_at_the_nearest_rank(counted, percent):
    values, times = [value for value, _ in counted], [count for _, count in counted]
    everything = sorted(value for value, count in counted for _ in range(count))
    assert percentile(values, times, percent) == everything[math.ceil(len(everything) * percent / 100 - 1e-9) - 1]

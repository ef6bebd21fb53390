"""Line-aligned files: who belongs together, and what happens when they do not match."""

import gzip

from bitext.pair_sources import pairs, records, rejects, source, write

from pipelines.bitext.readers.listing import list_pair_files
from pipelines.bitext.record import Pair


def moses(folder, english="one\ntwo\n", german="eins\nzwei\n", name="corpus"):
    write(folder / f"{name}.en", english)
    write(folder / f"{name}.de", german)
    return source(folder)


def test_lines_with_the_same_number_are_a_pair(tmp_path):
    assert records(moses(tmp_path)) == [Pair(0, "one", "eins"), Pair(1, "two", "zwei")]


def test_the_direction_is_that_of_the_configuration(tmp_path):
    moses(tmp_path)
    assert pairs(source(tmp_path, languages=("de", "en"))) == [("eins", "one"), ("zwei", "two")]


def test_one_side_may_be_compressed_and_several_corpora_lie_in_one_folder(tmp_path):
    moses(tmp_path, name="a")
    write(tmp_path / "b.en.gz", gzip.compress(b"three\n"))
    write(tmp_path / "b.de", "drei\n")
    assert pairs(source(tmp_path)) == [("one", "eins"), ("two", "zwei"), ("three", "drei")]


def test_other_suffixes_can_be_named(tmp_path):
    write(tmp_path / "train.src", "one\n")
    write(tmp_path / "train.trg", "eins\n")
    assert pairs(source(tmp_path, suffixes=("src", "trg"))) == [("one", "eins")]


def test_files_of_different_lengths_are_rejected_by_name_and_none_of_their_lines_is_a_pair(tmp_path):
    found = records(moses(tmp_path, german="eins\n"))
    assert [each.reason for each in found] == ["unaligned"]
    assert "corpus.en has 2 lines, corpus.de has 1" in found[0].detail


def test_a_file_without_its_other_half_is_rejected_and_the_others_are_read(tmp_path):
    config = moses(tmp_path)
    write(tmp_path / "lonely.en", "one\n")
    (reject,) = rejects(config)
    assert reject.reason == "unaligned"
    assert "no file lonely.de" in reject.detail
    assert len(pairs(config)) == 2


def test_an_empty_line_is_a_reject_and_keeps_the_others_aligned(tmp_path):
    config = moses(tmp_path, english="one\n\nthree\n", german="eins\nzwei\ndrei\n")
    assert pairs(config) == [("one", "eins"), ("three", "drei")]
    assert [(each.reason, each.position) for each in rejects(config)] == [("empty", 1)]


def test_damage_in_a_compressed_file_loses_the_alignment_so_nothing_of_it_is_taken(tmp_path):
    whole = gzip.compress("\n".join(f"line {n} {n * n}" for n in range(5000)).encode())
    write(tmp_path / "c.en.gz", whole[: len(whole) // 2])
    write(tmp_path / "c.de", "\n".join(f"Zeile {n}" for n in range(5000)))
    (reject,) = records(source(tmp_path))
    assert reject.reason == "truncated"
    assert "c.en.gz, line" in reject.detail


def test_a_file_of_no_known_kind_is_rejected_with_what_is_known(tmp_path):
    config = moses(tmp_path)
    write(tmp_path / "corpus.xml", "<xml/>")
    (reject,) = rejects(config)
    assert reject.reason == "unsupported"
    assert ".tmx" in reject.detail


def test_a_change_of_either_file_changes_the_fingerprint_of_the_corpus(tmp_path):
    config = moses(tmp_path)
    before = list_pair_files(config)[0].fingerprint
    write(tmp_path / "corpus.de", "eins\ndrei\n")
    assert list_pair_files(config)[0].fingerprint != before

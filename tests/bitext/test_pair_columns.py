"""TSV files of pairs: columns, archives, encodings, splits."""

import zipfile

import pytest
import zstandard
from bitext.pair_sources import pairs, records, rejects, source, write
from pydantic import ValidationError

from pipelines.bitext.record import Pair, pair_id

LINES = "Hello.\tHallo.\nGood night.\tGute Nacht.\n"
BOTH = [("Hello.", "Hallo."), ("Good night.", "Gute Nacht.")]


def test_a_line_is_a_pair_at_its_byte_offset(tmp_path):
    found = records(source(write(tmp_path / "a.tsv", LINES)))
    assert found == [Pair(0, *BOTH[0]), Pair(14, *BOTH[1])]


def test_columns_may_stand_in_any_order_and_others_become_meta(tmp_path):
    file = write(tmp_path / "a.tsv", "12\tHallo.\tHello.\tCC-BY\n13\tNacht.\tNight.\n")
    found = records(source(file, columns=(2, 1), meta_columns={"licence": 3}))
    assert found[0] == Pair(0, "Hello.", "Hallo.", {"licence": "CC-BY"})
    assert found[1] == Pair(23, "Night.", "Nacht.", {})


def test_a_zip_archive_gives_its_members_but_not_what_describes_them(tmp_path):
    with zipfile.ZipFile(tmp_path / "deu-eng.zip", "w") as archive:
        archive.writestr("deu.txt", LINES)
        archive.writestr("_about.txt", "About these files")
    assert pairs(source(tmp_path / "deu-eng.zip")) == BOTH


def test_compressed_files_are_opened(tmp_path):
    write(tmp_path / "a.tsv.zst", zstandard.compress(LINES.encode()))
    assert pairs(source(tmp_path / "a.tsv.zst")) == BOTH


def test_a_header_is_no_record(tmp_path):
    assert pairs(source(write(tmp_path / "a.tsv", "en\tde\n" + LINES), header=True)) == BOTH


def test_windows_line_ends_byte_order_marks_and_blank_lines_are_framing(tmp_path):
    text = "\ufeff" + LINES.replace("\n", "\r\n\r\n")
    assert pairs(source(write(tmp_path / "a.tsv", text))) == BOTH


def test_another_encoding_is_detected_for_the_file(tmp_path):
    text = "".join(f"I like it number {n}.\tIch möchte über die Straße gehen, für {n} Äpfel.\n" for n in range(50))
    found = pairs(source(write(tmp_path / "a.tsv", text.encode("cp1252"))))
    assert found[7] == ("I like it number 7.", "Ich möchte über die Straße gehen, für 7 Äpfel.")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"Hello.", "malformed_row"),
        (b"Hello.\t ", "empty"),
        (b"\tHallo.", "empty"),
        (b"a\0b\tHallo.", "null_character"),
        (b"x" * 300 + b"\tlong", "oversized"),
    ],
)
def test_what_is_no_pair_is_a_reject_with_reason_place_and_sample(tmp_path, line, reason):
    file = write(tmp_path / "a.tsv", LINES.encode() + line + b"\nEnd.\tEnde.\n")
    config = source(file, max_record_bytes=200)
    (reject,) = rejects(config)
    assert (reject.reason, reject.position) == (reason, len(LINES))
    assert reject.sample == line[:256]
    assert pairs(config) == [*BOTH, ("End.", "Ende.")]


def test_splits_of_any_size_give_the_same_records(tmp_path):
    file = write(tmp_path / "a.tsv", "".join(f"sentence {n}\tSatz {n}\n" for n in range(500)))
    whole = records(source(file))
    assert len(whole) == 500
    assert all(records(source(file), size) == whole for size in (10, 97, 1000))


def test_ids_depend_on_source_path_place_and_both_texts_only():
    given = ("source", "path", 7, "one", "eins")
    other = [("s2", *given[1:]), ("source", "p2", *given[2:]), ("source", "path", 8, "one", "eins")]
    other += [("source", "path", 7, "onee", "ins"), ("source", "path", 7, "one", "zwei")]
    assert pair_id(*given) == "93f4f6de1934ecb10592d4986ee55fa7"
    assert len({pair_id(*each) for each in [given, *other]}) == 6


def test_a_source_with_one_column_for_both_sides_is_refused():
    with pytest.raises(ValidationError, match="name two different columns"):
        source("a.tsv", columns=(1, 1))

"""Each kind of line is the Python expression that names it."""

import re

import numpy as np
import pytest
from hypothesis import given
from tricky_text import SPACES, batches

from pipelines.kernels.batch import TextBatch
from pipelines.words.lines import (
    Lines,
    characters,
    lines_between_newline_runs,
    newlines,
    not_blank,
    paragraphs,
    repeats,
    splitlines,
    stripped,
)

KINDS = {
    paragraphs: lambda text: re.split(r"\n{2,}", text.strip()),
    lines_between_newline_runs: lambda text: re.split(r"\n+", text),
    splitlines: str.splitlines,
}


def strings(batch: TextBatch, lines: Lines) -> list[list[str]]:
    found = TextBatch(batch.data, lines.begins, lines.ends).strings()
    return [found[a:b] for a, b in zip(lines.offsets[:-1], lines.offsets[1:], strict=True)]


@pytest.mark.parametrize("split", KINDS, ids=lambda split: split.__name__)
@given(texts=batches)
def test_lines_are_those_of_python(split, texts):
    batch = TextBatch.from_strings(texts)
    assert strings(batch, split(batch)) == [KINDS[split](text) for text in texts]


@given(texts=batches)
def test_strip_is_that_of_python(texts):
    assert stripped(TextBatch.from_strings(texts)).strings() == [text.strip() for text in texts]


def test_every_character_breaks_lines_or_counts_as_space_as_in_python():
    points = [chr(point) for point in range(1, 0x110000) if not 0xD800 <= point < 0xE000]
    batch = TextBatch.from_strings([f"a{character}b" for character in points])
    assert [len(lines) for lines in strings(batch, splitlines(batch))] == [
        len(f"a{character}b".splitlines()) for character in points
    ]
    alone = TextBatch.from_strings(points)
    blank = ~not_blank(alone, Lines(alone.begins, alone.ends, np.arange(len(points) + 1)))
    assert [character for character, is_blank in zip(points, blank, strict=True) if is_blank] == SPACES


@given(texts=batches)
def test_repeats_are_the_second_and_later_lines_of_the_same_document(texts):
    batch = TextBatch.from_strings(texts)
    found = repeats(batch, splitlines(batch)).tolist()
    assert found == [line in lines[:i] for lines in map(str.splitlines, texts) for i, line in enumerate(lines)]


@given(texts=batches)
def test_newlines_are_counted_per_text(texts):
    assert newlines(TextBatch.from_strings(texts)).tolist() == [text.count("\n") for text in texts]


@given(texts=batches)
def test_characters_are_code_points(texts):
    batch = TextBatch.from_strings(texts)
    assert characters(batch, splitlines(batch)).tolist() == [len(line) for text in texts for line in text.splitlines()]


def test_lines_are_counted_and_chosen_per_document():
    batch = TextBatch.from_strings(["a\n\nb", "", "c"])
    lines = splitlines(batch)
    assert lines.counts.tolist() == [3, 0, 1]
    assert strings(batch, lines.where(not_blank(batch, lines))) == [["a", "b"], [], ["c"]]

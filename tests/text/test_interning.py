"""Interned words are the splitter's words, whatever came before and however texts are batched."""

import numpy as np
from hypothesis import given
from tricky_text import batches, texts

from pipelines.text.batch import TextBatch
from pipelines.text.chunk_table import ChunkTable
from pipelines.text.interning import LONGEST_CHUNK, ChunkInterner, Vocabulary, Words


def split_chunk(chunk: str) -> list[str]:
    """Every vowel is a word of its own; `z` disappears."""
    for vowel in "aeiou":
        chunk = chunk.replace(vowel, f" {vowel} ")
    return chunk.replace("z", " ").split()


def strings(words: Words) -> list[list[str]]:
    found = [words.vocabulary.strings[word] for word in words.ids]
    return [found[a:b] for a, b in zip(words.offsets[:-1], words.offsets[1:], strict=True)]


@given(texts=batches)
def test_words_are_those_of_every_chunk_in_order(texts):
    expected = [[word for chunk in text.split() for word in split_chunk(chunk)] for text in texts]
    assert strings(ChunkInterner(split_chunk)(texts)) == expected


@given(before=batches, texts=batches)
def test_words_do_not_depend_on_what_was_seen_before(before, texts):
    used, fresh = ChunkInterner(split_chunk), ChunkInterner(split_chunk)
    used(before)
    assert strings(used(texts)) == strings(fresh(texts))


@given(texts=batches)
def test_words_do_not_depend_on_batch_boundaries(texts):
    interner = ChunkInterner(split_chunk)
    assert strings(interner(texts)) == [strings(interner([text]))[0] for text in texts]


def test_each_distinct_chunk_is_split_once():
    seen = []
    interner = ChunkInterner(lambda chunk: seen.append(chunk) or [chunk])
    interner(["one two one", "two"])
    interner(["two three"])
    assert seen == ["one", "two", "three"]


def test_tables_start_afresh_behind_the_limit_without_changing_words():
    interner = ChunkInterner(split_chunk, limit=2)
    first = interner(["one two three"])
    second = interner(["three two"])
    assert strings(second) == [["thr", "e", "e", "tw", "o"]]
    assert strings(first) == [["o", "n", "e", "tw", "o", "thr", "e", "e"]]
    assert second.vocabulary is not first.vocabulary


def test_a_chunk_longer_than_the_limit_is_cut_between_code_points():
    words = ChunkInterner(lambda chunk: [chunk])(["é" * (2 * LONGEST_CHUNK + 1) + " end"])
    assert strings(words) == [["é" * LONGEST_CHUNK, "é" * LONGEST_CHUNK, "é", "end"]]


@given(text=texts)
def test_chunks_tell_where_words_stand(text):
    words, chunks = ChunkInterner(lambda chunk: [chunk]).with_chunks(TextBatch.from_strings([text]))
    found = [text.encode()[a:b].decode() for a, b in zip(chunks.begins, chunks.ends, strict=True)]
    assert found == text.split() == strings(words)[0]
    assert chunks.word_offsets.tolist() == list(range(len(found) + 1))


def test_columns_are_computed_once_per_word():
    computed = []
    vocabulary = Vocabulary()
    for word in ("a", "bb", "a"):
        vocabulary.add(word)
        lengths = vocabulary.column("size", lambda word: computed.append(word) or len(word), np.int64)
    assert lengths.tolist() == [1, 2]
    assert computed == ["a", "bb"]


def test_the_chunk_table_grows_and_keeps_its_numbers():
    chunks = [f"chunk-{number}" * (number % 40) + "." for number in range(20_000)]
    batch = TextBatch.from_strings(chunks)
    table = ChunkTable()
    ids = table.ids(batch.data, batch.begins, batch.ends)
    assert len(table) == len(set(chunks))
    known = table.strings(0)
    assert [known[number] for number in ids] == chunks
    np.testing.assert_array_equal(table.ids(batch.data, batch.begins, batch.ends), ids)

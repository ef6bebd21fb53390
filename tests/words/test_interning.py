"""Interned words are the splitter's words, whatever came before and however texts are batched."""

import numpy as np
from hypothesis import given
from tricky_text import batches, texts

from pipelines.kernels.batch import TextBatch
from pipelines.kernels.byte_strings import ByteStrings
from pipelines.words.interning import LONGEST_CHUNK, ChunkInterner, Vocabulary, Words, each


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
    assert strings(ChunkInterner(each(split_chunk))(texts)) == expected


@given(before=batches, texts=batches)
def test_words_do_not_depend_on_what_was_seen_before(before, texts):
    used, fresh = ChunkInterner(each(split_chunk)), ChunkInterner(each(split_chunk))
    used(before)
    assert strings(used(texts)) == strings(fresh(texts))


@given(texts=batches)
def test_words_do_not_depend_on_batch_boundaries(texts):
    interner = ChunkInterner(each(split_chunk))
    assert strings(interner(texts)) == [strings(interner([text]))[0] for text in texts]


def test_each_distinct_chunk_is_split_once():
    seen = []
    interner = ChunkInterner(each(lambda chunk: seen.append(chunk) or [chunk]))
    interner(["one two one", "two"])
    interner(["two three"])
    assert seen == ["one", "two", "three"]


def test_tables_start_afresh_behind_the_limit_without_changing_words():
    interner = ChunkInterner(each(split_chunk), limit=2)
    first = interner(["one two three"])
    second = interner(["three two"])
    assert strings(second) == [["thr", "e", "e", "tw", "o"]]
    assert strings(first) == [["o", "n", "e", "tw", "o", "thr", "e", "e"]]
    assert second.vocabulary is not first.vocabulary


def test_a_chunk_longer_than_the_limit_is_cut_between_code_points():
    words = ChunkInterner(each(lambda chunk: [chunk]))(["é" * (2 * LONGEST_CHUNK + 1) + " end"])
    assert strings(words) == [["é" * LONGEST_CHUNK, "é" * LONGEST_CHUNK, "é", "end"]]


@given(text=texts)
def test_chunks_tell_where_words_stand(text):
    words, chunks = ChunkInterner(each(lambda chunk: [chunk])).with_chunks(TextBatch.from_strings([text]))
    found = [text.encode()[a:b].decode() for a, b in zip(chunks.begins, chunks.ends, strict=True)]
    assert found == text.split() == strings(words)[0]
    assert chunks.word_offsets.tolist() == list(range(len(found) + 1))


def test_columns_are_computed_once_per_word():
    computed = []
    vocabulary = Vocabulary()

    def sizes(words):
        computed.extend(words.strings())
        return words.ends - words.begins

    for word in ("a", "bb", "a"):
        vocabulary.add(TextBatch.from_strings([word]))
        lengths = vocabulary.column("size", sizes)
    assert lengths.tolist() == [1, 2]
    assert computed == ["a", "bb"]


def test_words_are_found_by_their_text():
    vocabulary = Vocabulary()
    assert vocabulary.add(TextBatch.from_strings(["a", "é", "a"])).tolist() == [0, 1, 0]
    assert vocabulary.find(TextBatch.from_strings(["é", "b", "a", ""])).tolist() == [1, -1, 0, -1]
    assert vocabulary.lengths.tolist() == [1, 1]
    assert vocabulary.strings == ["a", "é"]


def test_the_table_of_byte_strings_grows_and_keeps_its_numbers():
    strings = [f"string-{number}" * (number % 40) + "." for number in range(20_000)]
    batch = TextBatch.from_strings(strings)
    table = ByteStrings()
    ids = table.ids(batch.data, batch.begins, batch.ends)
    assert len(table) == len(set(strings))
    known = table.texts().strings()
    assert [known[number] for number in ids] == strings
    np.testing.assert_array_equal(table.ids(batch.data, batch.begins, batch.ends), ids)

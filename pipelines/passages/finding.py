"""The passages of a batch of texts: where they lie, and a hash of what they say.

Two passages are equal where datatrove 0.10.1's `simplify_text` makes the same of them: case, numbers, punctuation,
accents and whitespace do not count. They are compared by XXH3-128. Of n different passages, any two have the same hash
with a probability of about n^2 / 2^129: 1.5e-15 for 10^12 passages. So no texts are compared afterwards.

Shapes: D documents, L lines, S sentences, W words, P passages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import xxhash
from numba import njit

from pipelines.kernels.arrays import Bytes, Ids, Integers, Truths
from pipelines.kernels.batch import TextBatch
from pipelines.passages.config import PassagesConfig
from pipelines.tables import PASSAGES
from pipelines.words.lines import Lines, paragraphs, splitlines
from pipelines.words.normalise import simplified_splitter
from pipelines.words.sentence_spans import Sentences, sentence_spans
from pipelines.words.splitter import word_splitter

KINDS = ("boilerplate", "paragraphs", "sentences")
"""As in `pipelines.text.spans.SPAN_KINDS`; the order of a document's passages."""

SENTENCES, HELD = PASSAGES.schema.field("sentences").type, PASSAGES.schema.field("held").type


def find(texts: pa.Array, languages: pa.Array, sites: Sequence[str], config: PassagesConfig) -> pa.RecordBatch:
    """-> columns `sentences` and `held` of table `passages`, D rows each.

    Args:
        texts: (D,) strings.
        languages: (D,) codes, null where the language is not known; they say what a word is.
        sites: (D,) what each document is a page of.
        config: which kinds are wanted.
    """
    batch = TextBatch.from_arrow(texts)
    encoded = languages.fill_null("").dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    rows = [np.flatnonzero(codes == code) for code in range(len(encoded.dictionary))]
    parts = [
        _find(batch.take(group), language, [sites[row] for row in group.tolist()], config)
        for group, language in zip(rows, encoded.dictionary.to_pylist(), strict=True)
    ]
    if not parts:
        return pa.RecordBatch.from_arrays([pa.array([], SENTENCES), pa.array([], HELD)], ["sentences", "held"])
    order = pa.array(np.argsort(np.concatenate(rows), kind="stable"))
    return pa.concat_batches(parts).take(order)


def _find(texts: TextBatch, language: str, sites: Sequence[str], config: PassagesConfig) -> pa.RecordBatch:
    """The passages of texts in one language."""
    lines = splitlines(texts)
    sentences = sentence_spans(texts, lines, *word_splitter(language).with_chunks(texts))
    normalised = Normalised.of(TextBatch(texts.data, sentences.begins, sentences.ends))
    found = [
        _found(kind, normalised.long_enough(ranges, least), normalised, sites)
        for kind, least, ranges in _wanted(texts, lines, sentences, config)
    ]
    starts, ends = sentences.code_points(texts)
    held = _held(found, starts, ends, len(texts))
    fields = [pa.array(starts), pa.array(ends), pa.array(sentences.words)]
    spans = pa.StructArray.from_arrays(fields, fields=list(SENTENCES.value_type))
    listed = pa.ListArray.from_arrays(pa.array(sentences.offsets, pa.int32()), spans).cast(SENTENCES)
    return pa.RecordBatch.from_arrays([listed, held], ["sentences", "held"])


@dataclass(frozen=True, slots=True)
class Ranges:
    """Passage p is the sentences `firsts[p]:ends[p]` of the batch, in document `documents[p]`."""

    firsts: Integers  # (P,)
    ends: Integers  # (P,)
    documents: Integers  # (P,)

    def where(self, wanted: Truths) -> "Ranges":
        """The passages for which `wanted` (P,) is true."""
        return Ranges(self.firsts[wanted], self.ends[wanted], self.documents[wanted])


@dataclass(frozen=True, slots=True)
class Normalised:
    """The normalised words of all sentences, each with a space behind it."""

    data: Bytes
    places: Integers  # (S + 1,) sentence s is `data[places[s]:places[s + 1]]`
    words: Integers  # (S + 1,) how many come before each sentence

    @classmethod
    def of(cls, sentences: TextBatch) -> "Normalised":
        """Normalises each sentence by itself."""
        words = simplified_splitter()(sentences)
        known = words.vocabulary.texts()
        data, places = _spelled(words.ids, known.data, known.begins, known.ends)
        return cls(data, places[words.offsets], words.offsets)

    def long_enough(self, ranges: Ranges, least: int) -> Ranges:
        """The passages of at least so many words; one word at least."""
        return ranges.where(self.words[ranges.ends] - self.words[ranges.firsts] >= max(least, 1))

    def hashes(self, ranges: Ranges, seeds: Sequence[int]) -> list[bytes]:
        """XXH3-128 of the words of each passage, joined by spaces, with a seed per document (D,)."""
        view = memoryview(self.data.data)
        begins, ends = self.places[ranges.firsts].tolist(), (self.places[ranges.ends] - 1).tolist()
        documents = ranges.documents.tolist()
        return [
            xxhash.xxh3_128_digest(view[begin:end], seeds[document])
            for begin, end, document in zip(begins, ends, documents, strict=True)
        ]


def _wanted(
    texts: TextBatch, lines: Lines, sentences: Sentences, config: PassagesConfig
) -> Iterator[tuple[str, int, Ranges]]:
    """(kind, least words, its passages), in the order of `KINDS`."""
    of_lines = Ranges(sentences.of_lines[:-1], sentences.of_lines[1:], _owners(lines.offsets))
    if config.boilerplate:
        yield "boilerplate", config.boilerplate.min_words, of_lines
    if config.paragraphs:
        yield "paragraphs", config.paragraphs.min_words, _paragraphs(texts, sentences, of_lines)
    if config.sentences:
        yield "sentences", config.sentences.min_words, _windows(sentences, config.sentences.window)


def _paragraphs(texts: TextBatch, sentences: Sentences, of_lines: Ranges) -> Ranges:
    """What empty lines separate; the lines of texts that have no empty line."""
    split = paragraphs(texts)
    firsts, ends = _sentences_within(sentences.begins, sentences.offsets, split.ends, split.offsets)
    several = split.counts > 1
    separated = Ranges(firsts, ends, _owners(split.offsets))
    parts = (separated.where(several[separated.documents]), of_lines.where(~several[of_lines.documents]))
    return Ranges(
        np.concatenate([each.firsts for each in parts]),
        np.concatenate([each.ends for each in parts]),
        np.concatenate([each.documents for each in parts]),
    )


def _windows(sentences: Sentences, window: int) -> Ranges:
    """Every `window` sentences in a row of a document."""
    documents = _owners(sentences.offsets)
    firsts = np.arange(len(documents))
    whole = firsts + window <= sentences.offsets[documents + 1]
    return Ranges(firsts[whole], firsts[whole] + window, documents[whole])


def _owners(offsets: Integers) -> Integers:
    """The document of each item, from (D + 1,) offsets."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _found(kind: str, ranges: Ranges, normalised: Normalised, sites: Sequence[str]) -> tuple[str, Ranges, list[bytes]]:
    """Hashes of different kinds never meet, nor those of lines of different sites: each has a seed of its own."""
    of_site = kind == "boilerplate"
    known: dict[str, int] = {}
    seeds = []
    for site in sites:
        name = f"{kind}/{site if of_site else ''}"
        if name not in known:
            known[name] = xxhash.xxh3_64_intdigest(name.encode())
        seeds.append(known[name])
    return kind, ranges, normalised.hashes(ranges, seeds)


def _held(
    found: Sequence[tuple[str, Ranges, list[bytes]]], starts: Integers, ends: Integers, documents: int
) -> pa.ListArray:
    """Column `held`: the passages of each document, by kind, then by place."""
    owners = np.concatenate([np.empty(0, np.int64), *(ranges.documents for _, ranges, _ in found)])
    order = np.argsort(owners, kind="stable")
    firsts = np.concatenate([np.empty(0, np.int64), *(ranges.firsts for _, ranges, _ in found)])[order]
    lasts = np.concatenate([np.empty(0, np.int64), *(ranges.ends for _, ranges, _ in found)])[order] - 1
    kinds = pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(np.arange(len(found), dtype=np.int32), [len(ranges.firsts) for _, ranges, _ in found])),
        pa.array([kind for kind, _, _ in found], pa.string()),
    ).cast(pa.string())
    hashes = pa.array([digest for _, _, digests in found for digest in digests], pa.binary())
    places = pa.array(order)
    columns = [kinds.take(places), hashes.take(places), pa.array(starts[firsts]), pa.array(ends[lasts])]
    counts = np.bincount(owners, minlength=documents)
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    passages = pa.StructArray.from_arrays(columns, fields=list(HELD.value_type))
    return pa.ListArray.from_arrays(offsets, passages).cast(HELD)


@njit(cache=True)
def _spelled(ids: Ids, data: Bytes, begins: Integers, ends: Integers) -> tuple[Bytes, Integers]:
    """The words `ids` (W,) with a space behind each, and where each begins, (W + 1,)."""
    places = np.zeros(len(ids) + 1, np.int64)
    for word in range(len(ids)):
        places[word + 1] = places[word] + ends[ids[word]] - begins[ids[word]] + 1
    out = np.empty(places[-1], np.uint8)
    for word in range(len(ids)):
        place = places[word]
        for position in range(begins[ids[word]], ends[ids[word]]):
            out[place] = data[position]
            place += 1
        out[place] = 32
    return out, places


@njit(cache=True)
def _sentences_within(
    begins: Integers, offsets: Integers, unit_ends: Integers, unit_offsets: Integers
) -> tuple[Integers, Integers]:
    """First sentence, and the one behind the last, of units (U,) that follow each other in their documents."""
    firsts, lasts = np.empty(len(unit_ends), np.int64), np.empty(len(unit_ends), np.int64)
    for d in range(len(offsets) - 1):
        sentence = offsets[d]
        for unit in range(unit_offsets[d], unit_offsets[d + 1]):
            firsts[unit] = sentence
            while sentence < offsets[d + 1] and begins[sentence] < unit_ends[unit]:
                sentence += 1
            lasts[unit] = sentence
    return firsts, lasts

"""Documents as encoded sentences: what the rows of a masked language model are made of.

Shapes: D documents, S sentences, P parts (a sentence that is too long for a row becomes several).
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.arrays import Integers
from pipelines.kernels.batch import TextBatch
from pipelines.words.lines import splitlines
from pipelines.words.sentence_spans import sentence_spans
from pipelines.words.splitter import word_splitter

Encode = Callable[[pa.LargeStringArray], tuple[pa.LargeBinaryArray, Integers]]
"""(n,) texts -> (n,) ids of each, little-endian, and (n,) how many."""

ENCODED = pa.schema(
    [
        ("doc_id", pa.string()),
        ("language", pa.string()),
        ("split_group_id", pa.string()),
        ("ids", pa.binary()),  # of all sentences, one after another
        ("n_tokens", pa.int64()),
        ("lengths", pa.list_(pa.int32())),  # tokens of each sentence, or part of one; they add up to n_tokens
        ("sentences", pa.int32()),  # that have tokens
        ("long_sentences", pa.int32()),  # of them, those that were cut into parts
    ]
)


def encoded(documents: pa.RecordBatch, encode: Encode, longest: int) -> pa.RecordBatch:
    """Splits documents into sentences and encodes each by itself, with the whitespace before it.

    A sentence of more than `longest` tokens is cut into the fewest parts of about equal length. A sentence without
    tokens, which a tokenizer makes of characters that it drops, is left out.

    Args:
        documents: doc_id, language, split_group_id, text; (D,).
        encode: adds no special tokens.
        longest: tokens of a sentence that stays whole.

    Returns:
        (D,) rows of `ENCODED`, in the order of `documents`.
    """
    sentences, offsets = split(documents.column("text"), documents.column("language"))
    ids, n_tokens = encode(sentences)
    document = np.repeat(np.arange(len(documents)), np.diff(offsets))  # (S,)
    parts = -(-n_tokens // longest)  # (S,) 0 of a sentence without tokens
    lengths = cut(n_tokens, parts)
    counts = np.bincount(document, parts, len(documents)).astype(np.int64)  # (D,) parts
    total = np.bincount(document, n_tokens, len(documents)).astype(np.int64)
    columns = [
        documents.column("doc_id"),
        documents.column("language"),
        documents.column("split_group_id"),
        _joined(ids, offsets),
        pa.array(total),
        pa.ListArray.from_arrays(pa.array(np.concatenate(([0], np.cumsum(counts))), pa.int32()), pa.array(lengths)),
        pa.array(np.bincount(document, parts > 0, len(documents)).astype(np.int32)),
        pa.array(np.bincount(document, parts > 1, len(documents)).astype(np.int32)),
    ]
    arrays = [column.cast(field.type) for column, field in zip(columns, ENCODED, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=ENCODED)


def split(texts: pa.Array, languages: pa.Array) -> tuple[pa.LargeStringArray, Integers]:
    """The sentences of texts, by the rules of their languages; those of a text, joined, are the text.

    Whitespace goes to the sentence behind it, at the end of a text to the last one. A text of whitespace has none.

    Returns:
        sentences: (S,).
        offsets: (D + 1,) text d has the sentences `offsets[d]:offsets[d + 1]`.
    """
    batch = TextBatch.from_arrow(texts)
    known = languages.fill_null("").dictionary_encode()
    codes = known.indices.to_numpy(zero_copy_only=False)
    counts = np.zeros(len(batch), np.int64)
    found = []
    for code, language in enumerate(known.dictionary.to_pylist()):
        rows = np.flatnonzero(codes == code)
        begins, ends, offsets = _spans(batch.take(rows), language)
        counts[rows] = np.diff(offsets)
        found.append((np.repeat(rows, np.diff(offsets)), begins, ends))
    if not found:
        return pa.array([], pa.large_string()), np.zeros(1, np.int64)
    document, begins, ends = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(document, kind="stable")
    sentences = TextBatch(batch.data, begins[order], ends[order]).to_arrow()
    return sentences, np.concatenate(([0], np.cumsum(counts)))


def _spans(texts: TextBatch, language: str) -> tuple[Integers, Integers, Integers]:
    """Begins and ends of the sentences of texts in one language, in bytes, (S,), and (D + 1,) offsets."""
    found = sentence_spans(texts, splitlines(texts), *word_splitter(language).with_chunks(texts))
    begins, ends, offsets = found.begins.copy(), found.ends.copy(), found.offsets
    begins[1:] = found.ends[:-1]
    some = np.flatnonzero(np.diff(offsets))  # texts with sentences
    begins[offsets[some]] = texts.begins[some]
    ends[offsets[some + 1] - 1] = texts.ends[some]
    return begins, ends, offsets


def cut(n_tokens: Integers, parts: Integers) -> Integers:
    """(P,) tokens of each part, of sentences of (S,) tokens cut into (S,) parts; lengths differ by one at most."""
    sentence = np.repeat(np.arange(len(parts)), parts)  # (P,)
    number = np.arange(len(sentence)) - np.repeat(np.cumsum(parts) - parts, parts)
    least, longer = n_tokens[sentence] // parts[sentence], n_tokens[sentence] % parts[sentence]
    lengths: Integers = least + (number < longer)
    return lengths


def _joined(ids: pa.LargeBinaryArray, offsets: Integers) -> pa.LargeBinaryArray:
    """The ids of each document, (D,), from those of its sentences, (S,), whose bytes follow one another."""
    ids = pc.fill_null(ids, b"")
    _, bounds, data = ids.buffers()
    ends = np.frombuffer(bounds, np.int64)[ids.offset : ids.offset + len(ids) + 1]
    return pa.Array.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(ends[offsets]), data or pa.py_buffer(b"")]
    )

"""All measures of a batch of documents, in one pass over the words for all rules.

All are taken on the text as read. FineWeb's are taken on what C4's line rules leave of it too, so that a policy can
judge the text that it delivers.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.kernels.batch import TextBatch
from pipelines.rules import c4, classifiers, fineweb, gopher_quality, gopher_repetition
from pipelines.rules.columns import struct
from pipelines.rules.config import MeasureConfig
from pipelines.rules.rewritten_words import rewritten_words
from pipelines.tables import MEASURES
from pipelines.words.lines import CountedTexts, splitlines
from pipelines.words.splitter import word_splitter

SCHEMA = MEASURES.schema
SIZE, C4_SIZE = SCHEMA.field("size").type, SCHEMA.field("c4_size").type
_MEASURED = ["gopher_repetition", "gopher_quality", "c4", "fineweb", "size", "c4_fineweb", "c4_size", "c4_text"]


def measure(documents: pa.RecordBatch, config: MeasureConfig, run_id: str = "") -> pa.RecordBatch:
    """A row of `SCHEMA` for every document, in order.

    Args:
        documents: columns `doc_id`, `source`, `language`, `language_score`, `text`, `meta` of the documents table; a
            null text is measured as an empty one.
        config: C4's line rules, the sizes that measures are taken at, and classifiers.
        run_id: written into every row.
    """
    rows = documents.num_rows
    measured = _by_language(documents.column("text"), documents.column("language"), config)
    columns = {name: documents.column(name) for name in ("doc_id", "source", "language", "language_score")}
    meta = documents.column("meta")
    columns |= {"url": pc.map_lookup(meta, "url", "first"), "http_status": _http_status(meta), **measured}
    columns["classifiers"] = classifiers.measure(TextBatch.from_arrow(documents.column("text")), config.classifiers)
    columns["text"] = documents.column("text").fill_null("")
    columns["run_id"] = pa.array([run_id] * rows, pa.string())
    return pa.RecordBatch.from_arrays([columns[field.name].cast(field.type) for field in SCHEMA], schema=SCHEMA)


def _http_status(meta: pa.Array) -> pa.Array:
    """The three digits of a status (RFC 9110, section 15); null where there are none, or something else."""
    stated = pc.map_lookup(meta, "http_status", "first")
    return pc.if_else(pc.match_substring_regex(stated, "^[0-9]{3}$"), stated, None).cast(pa.int64())


def _by_language(texts: pa.Array, languages: pa.Array, config: MeasureConfig) -> dict[str, pa.Array]:
    """Measures the texts of each language together (they share a word splitter), then restores the order."""
    batch = TextBatch.from_arrow(texts)
    encoded = languages.fill_null("").dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    groups = [np.flatnonzero(codes == code) for code in range(len(encoded.dictionary))]
    names = encoded.dictionary.to_pylist()
    if not groups:
        groups, names = [np.empty(0, np.int64)], [""]
    parts = [_measure(batch.take(rows), name, config) for rows, name in zip(groups, names, strict=True)]
    together = pa.concat_batches(parts)
    order = pa.array(np.argsort(np.concatenate(groups), kind="stable"))
    return {name: together.column(name).take(order) for name in _MEASURED}


def _measure(texts: TextBatch, language: str, config: MeasureConfig) -> pa.RecordBatch:
    """The measures of texts in one language."""
    splitter = word_splitter(language)
    words, chunks = splitter.with_chunks(texts)
    lines = splitlines(texts)
    rewritten = c4.rewrite(texts, lines, config)
    new_words, new_chunks = rewritten_words(splitter, words, chunks, rewritten)
    read, left = CountedTexts.of(texts), CountedTexts.of(rewritten.texts)
    columns = {
        "gopher_repetition": gopher_repetition.measure(read, words),
        "gopher_quality": gopher_quality.measure(texts, lines, words, language),
        "c4": c4.measure(rewritten, new_words, new_chunks),
        "fineweb": fineweb.measure(read, words, config),
        "size": struct(SIZE, {"characters": read.characters, "words": words.counts, "lines": lines.counts}),
        "c4_fineweb": fineweb.measure(left, new_words, config),
        "c4_size": struct(C4_SIZE, {"characters": left.characters}),
        "c4_text": left.texts.to_arrow(present=rewritten.changed),
    }
    return pa.RecordBatch.from_pydict(columns)

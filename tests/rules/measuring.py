"""Texts to measures, for tests that are about one rule."""

import pyarrow as pa

from pipelines.rules.config import MeasureConfig
from pipelines.rules.measures import measure
from pipelines.words.splitter import word_splitter


def documents(texts, language="en"):
    languages = [language] * len(texts) if isinstance(language, str) or language is None else language
    return pa.RecordBatch.from_pydict(
        {
            "doc_id": pa.array([f"{i:032x}" for i in range(len(texts))]),
            "source": pa.array(["web"] * len(texts)),
            "language": pa.array(languages, pa.string()),
            "language_score": pa.array([0.9] * len(texts)),
            "text": pa.array(texts, pa.string()),
            "meta": pa.array(
                [[("url", f"http://example.org/{i}")] for i in range(len(texts))], pa.map_(pa.string(), pa.string())
            ),
        }
    )


def measured(text, language="en", **config):
    """The one text's measures."""
    return measure(documents([text], language), MeasureConfig(**config)).to_pylist()[0]


def after_c4(measures):
    """The text that C4's line rules leave."""
    return measures["text"] if measures["c4_text"] is None else measures["c4_text"]


def words(text, language="en"):
    found = word_splitter(language)([text])
    return [found.vocabulary.strings[word] for word in found.ids]

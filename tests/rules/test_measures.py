"""All measures of a batch: a row per document, in order, whatever stands beside it."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measuring import documents, measured
from pydantic import ValidationError
from tricky_text import texts

from pipelines.rules.columns import struct
from pipelines.rules.config import MeasureConfig
from pipelines.rules.measures import SCHEMA, measure

languages = st.sampled_from(["en", "de", "zh", None])


def test_rows_have_the_schema_of_the_table():
    measures = measure(documents(["Hello there.", ""]), MeasureConfig(), "run-1")
    assert measures.schema == SCHEMA
    assert measures.column("run_id").to_pylist() == ["run-1"] * 2
    assert measures.column("url").to_pylist() == ["http://example.org/0", "http://example.org/1"]


def test_a_document_without_url_has_null():
    batch = documents(["x"]).set_column(5, "meta", pa.array([[]], pa.map_(pa.string(), pa.string())))
    assert measure(batch, MeasureConfig()).column("url").to_pylist() == [None]


@pytest.mark.parametrize(
    ("stated", "status"),
    [
        ("200", 200),
        ("404", 404),
        ("", None),
        ("2xx", None),
        ("-1", None),
        ("20000000000000000000", None),
        (None, None),
    ],
)
def test_a_status_is_three_digits_or_null(stated, status):
    meta = pa.array(
        [[("url", "u")] if stated is None else [("http_status", stated)]], pa.map_(pa.string(), pa.string())
    )
    batch = documents(["x"]).set_column(5, "meta", meta)
    assert measure(batch, MeasureConfig()).column("http_status").to_pylist() == [status]


def test_a_null_text_measures_as_an_empty_one():
    measures = measured(None)
    assert measures["size"] == {"characters": 0, "words": 0, "lines": 0}
    assert measures["text"] == ""


def test_an_empty_batch_has_no_rows():
    assert measure(documents([]), MeasureConfig()).num_rows == 0


def test_size_counts_code_points_all_words_and_lines():
    assert measured("Été, oui!\r\n\n")["size"] == {"characters": 12, "words": 4, "lines": 2}


@given(rows=st.lists(st.tuples(texts, languages), min_size=1, max_size=6))
def test_measures_do_not_depend_on_the_other_rows(rows):
    together = measure(documents(*map(list, zip(*rows, strict=True))), MeasureConfig()).to_pylist()
    for row, (text, language) in zip(together, rows, strict=True):
        alone = measured(text, language)
        assert {**row, "doc_id": "", "url": ""} == {**alone, "doc_id": "", "url": ""}


def test_slices_of_a_batch_measure_as_the_batch():
    batch = documents([f"Text number {i}, with words. {'again ' * i}" for i in range(20)], ["en", "fi"] * 10)
    whole = measure(batch, MeasureConfig())
    assert measure(batch.slice(7, 5), MeasureConfig()).equals(whole.slice(7, 5))


def test_real_pages_measure_alike_in_one_batch_and_in_many(shared_data):
    text = (shared_data / "wikitext2" / "test.txt").read_text("utf-8")
    batch = documents([text[i : i + 3000] for i in range(0, 300_000, 3000)])
    whole = measure(batch, MeasureConfig())
    pieces = [measure(batch.slice(i, 7), MeasureConfig()) for i in range(0, batch.num_rows, 7)]
    assert pa.Table.from_batches(pieces).combine_chunks().to_batches()[0].equals(whole)


def test_unknown_settings_are_refused():
    with pytest.raises(ValidationError, match="thresholds"):
        MeasureConfig(thresholds={})


def test_what_changes_text_changes_the_fingerprint():
    assert MeasureConfig().fingerprint() != MeasureConfig(require_terminal_punctuation=True).fingerprint()


def test_columns_must_match_their_struct():
    with pytest.raises(ValueError, match="do not match the fields"):
        struct(pa.struct([("a", pa.int64())]), {"b": pa.array([1])})

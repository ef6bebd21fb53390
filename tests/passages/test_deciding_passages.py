"""What thresholds take out of a document, and when too little is left."""

import pyarrow as pa
import pytest

from pipelines.passages.deciding import decided, evaluate_one
from pipelines.policies.passages import PassageThresholds
from pipelines.tables import PASSAGE_DECISIONS, PASSAGES

ANY_SIZE = {"min_words": 0, "min_sentences": 0}
# Six sentences of ten characters and two words, with a space behind each.
SENTENCES = [{"start": 11 * n, "end": 11 * n + 10, "words": 2} for n in range(6)]


def repeat(kind, first, last, documents=2, earlier=True):
    """Sentences `first` to `last` repeat."""
    start, end = SENTENCES[first]["start"], SENTENCES[last]["end"]
    return {"kind": kind, "start": start, "end": end, "documents": documents, "first": "x", "earlier": earlier}


def row(*repeats, pages=10, sentences=SENTENCES):
    return {"doc_id": "d", "site_pages": pages, "sentences": sentences, "repeats": list(repeats)}


def spans(measured, **thresholds):
    """(kind, first sentence, last sentence) of what goes."""
    found = evaluate_one(measured, PassageThresholds(**{**ANY_SIZE, **thresholds})).spans[0].as_py()
    return [(each["kind"], each["start"] // 11, each["end"] // 11) for each in found]


def test_what_stands_earlier_goes_and_what_stands_here_first_stays():
    assert spans(row(repeat("sentences", 0, 2, earlier=False), repeat("sentences", 3, 5))) == [("sentences", 3, 5)]


def test_windows_that_overlap_or_touch_go_as_one_span():
    windows = [repeat("sentences", 0, 1), repeat("sentences", 1, 2), repeat("sentences", 3, 4)]
    assert spans(row(*windows)) == [("sentences", 0, 4)]


def test_short_runs_of_sentences_stay():
    windows = [repeat("sentences", 0, 0), repeat("sentences", 3, 5)]
    assert spans(row(*windows), sentence_words=3) == [("sentences", 3, 5)]
    assert spans(row(*windows), sentence_words=2) == [("sentences", 0, 0), ("sentences", 3, 5)]


def test_short_paragraphs_stay():
    found = [repeat("paragraphs", 0, 0), repeat("paragraphs", 2, 3)]
    assert spans(row(*found), paragraph_words=4) == [("paragraphs", 2, 3)]


@pytest.mark.parametrize(
    ("on", "of", "goes"), [(10, 20, True), (9, 20, False), (10, 21, False), (11, 20, True), (2, 2, False)]
)
def test_lines_go_that_are_on_enough_pages_and_a_large_enough_share_of_the_site(on, of, goes):
    line = repeat("boilerplate", 1, 1, documents=on)
    found = spans(row(line, pages=of), boilerplate_pages=10, boilerplate_share=0.5)
    assert found == ([("boilerplate", 1, 1)] if goes else [])


def test_a_line_of_a_site_goes_from_its_first_page_too():
    line = repeat("boilerplate", 1, 1, documents=10, earlier=False)
    assert spans(row(line)) == [("boilerplate", 1, 1)]


@pytest.mark.parametrize("kind", ["sentences", "paragraphs", "boilerplate"])
def test_a_kind_that_is_switched_off_stays(kind):
    found = row(repeat(kind, 1, 5, documents=10))
    assert spans(found) == [(kind, 1, 5)]
    assert spans(found, **{kind: False}) == []


def test_spans_of_several_kinds_may_overlap():
    found = row(repeat("boilerplate", 0, 0, documents=10), repeat("paragraphs", 0, 5), repeat("sentences", 0, 2))
    assert spans(found, paragraph_words=0) == [("boilerplate", 0, 0), ("paragraphs", 0, 5), ("sentences", 0, 2)]


@pytest.mark.parametrize(
    ("thresholds", "reasons"),
    [
        ({"min_words": 6, "min_sentences": 3}, []),
        ({"min_words": 7, "min_sentences": 3}, ["passages.too_few_words"]),
        ({"min_words": 6, "min_sentences": 4}, ["passages.too_few_sentences"]),
        ({"min_words": 7, "min_sentences": 4}, ["passages.too_few_words", "passages.too_few_sentences"]),
    ],
)
def test_a_document_of_which_too_little_is_left_is_dropped(thresholds, reasons):
    verdict = evaluate_one(row(repeat("sentences", 0, 2)), PassageThresholds(**thresholds))
    assert (verdict.reasons, verdict.words_left.tolist(), verdict.sentences_left.tolist()) == ([reasons], [6], [3])


def test_a_document_of_which_nothing_is_left_is_dropped_under_any_thresholds():
    verdict = evaluate_one(row(repeat("sentences", 0, 5)), PassageThresholds(**ANY_SIZE))
    assert verdict.reasons == [["passages.empty"]]


def test_a_short_document_that_loses_nothing_is_kept():
    assert evaluate_one(row(sentences=SENTENCES[:1]), PassageThresholds()).reasons == [[]]
    assert evaluate_one(row(repeat("sentences", 0, 2, earlier=False)), PassageThresholds()).reasons == [[]]
    assert evaluate_one(row(sentences=[]), PassageThresholds()).reasons == [[]]


def test_sentences_that_go_for_other_reasons_do_not_count_as_left():
    overlap = {"kind": "decontamination", "start": 35, "end": 60}  # of the last three sentences
    measured = {**row(repeat("sentences", 0, 2)), "spans": [overlap]}
    verdict = evaluate_one(measured, PassageThresholds(**ANY_SIZE))
    assert [each["kind"] for each in verdict.spans[0].as_py()] == ["sentences"]
    assert verdict.reasons == [["passages.empty"]]
    assert evaluate_one({**row(), "spans": [overlap]}, PassageThresholds()).reasons == [[]]


def test_batches_become_rows_of_the_table():
    measured = PASSAGES.schema.empty_table().select(["doc_id", "site_pages", "sentences", "repeats"]).schema
    rows = [row(repeat("sentences", 0, 5)), {**row(), "doc_id": "e"}]
    batch = pa.RecordBatch.from_pylist(rows, schema=measured)
    (made,) = decided(iter([batch]), PassageThresholds(), "mine@1", "run")
    assert made.schema == PASSAGE_DECISIONS.schema
    assert [(each["doc_id"], each["kept"], len(each["spans"]), each["policy"]) for each in made.to_pylist()] == [
        ("d", False, 1, "mine@1"),
        ("e", True, 0, "mine@1"),
    ]

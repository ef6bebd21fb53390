"""The figures of the hand-made lake, one by one."""

import pytest
from hand_made_lake import HOSTILE_URI, LENGTH

from jobs.report import data as F
from jobs.report.collect import collect


def test_every_record_has_one_fate(data):
    total = data.total
    assert (total.read, total.rejected, total.documents) == (34, 2, 32)
    assert sum(total.dropped.values()) + sum(total.duplicates.values()) + total.kept == total.documents


def test_sources_and_languages_sum_to_the_whole(data):
    assert data.by_source["web"].read == 18
    assert data.by_source["books"].read == 16
    languages = sum(data.by_language.values(), F.Flow())
    assert languages.kept == data.total.kept == 26
    assert {language: flow.documents for language, flow in data.by_language.items()} == {"en": 20, "de": 8, "fr": 4}


def test_documents_that_were_not_simply_utf8_are_counted_per_source_and_encoding(data):
    assert data.encodings == (
        F.Encoding(source="books", encoding="utf-8", said="detected", documents=1, damaged=1, undecodable=1, joined=3),
        F.Encoding(source="web", encoding="cp949", said="detected", documents=2, damaged=1, undecodable=2, joined=0),
    )


def test_reasons_count_first_and_all(data):
    counted = {reason.name: (reason.first, reason.documents, dict(reason.by_language)) for reason in data.reasons}
    assert counted == {
        "gopher_repetition.top_2_gram": (0, 4, {"fr": 4}),
        "gopher_quality.short_doc": (4, 4, {"fr": 4}),
    }


def test_rewriting_is_told_per_language_with_the_pass_that_did_it(data):
    german, english = sorted(data.rewriting, key=lambda each: each.language)
    assert (english.documents, english.rewritten, english.removed, english.share) == (18, 0, {}, 0)
    assert (german.documents, german.rewritten, german.removed) == (8, 8, {"c4_lines": 800, "pii": -16})
    assert german.read == german.characters + 784
    assert german.characters + english.characters == data.total.characters


def test_languages_above_the_limit_are_named(data):
    share = next(each.share for each in data.rewriting if each.language == "de")
    assert 0.05 < share < data.rewrite_limit
    assert data.much_rewritten == []
    strict = data.model_copy(update={"rewrite_limit": 0.05})
    assert [each.language for each in strict.much_rewritten] == ["de"]


def test_thresholds_come_from_the_policy_of_the_lake(data):
    short = next(rule for rule in data.thresholds if rule.reason == "gopher_quality.short_doc")
    assert (short.at(None), short.at("de"), short.at("fr")) == (50, 40, 50)


def test_a_measure_is_binned_over_all_and_per_language(data):
    measure = next(each for each in data.measures if each.name == "gopher_repetition.top_2_gram")
    assert measure.all.total == 32
    assert {language: values.total for language, values in measure.by_language.items()} == {"en": 20, "de": 8, "fr": 4}
    low = sum(count for count, edge in zip(measure.all.counts[1:], measure.all.edges, strict=False) if edge < 0.2)
    assert low == 28


def test_undefined_measures_are_counted_apart(data):
    measure = next(each for each in data.measures if each.name == "gopher_quality.mean_word_length")
    assert (measure.missing, measure.all.total) == (4, 28)


def test_a_switch_is_counted_as_no_and_yes(data):
    measure = next(each for each in data.measures if each.name == "c4.curly_bracket")
    assert measure.all.counts == (0, 31, 1, 0)


def test_examples_are_the_clearest_with_value_and_excerpt(data):
    examples = data.examples["gopher_quality.short_doc"]
    assert [example.excerpt.doc_id for example in examples] == [f"{number:032x}" for number in (28, 29, 30)]
    assert examples[0].value == 3
    assert examples[0].excerpt.uri == HOSTILE_URI


def test_rejects_show_the_first_by_uri_and_position(data):
    (group,) = data.rejects
    assert (group.records, group.uri, group.position) == (2, "/data/broken-3.jsonl", 3)
    assert group.sample == '{"text": "<script>\ufffd\x00'


def test_a_cluster_begins_with_its_survivor(data):
    assert data.clusters.sizes == {3: 1}
    (cluster,) = data.clusters.largest
    assert [member.kept for member in cluster.members] == [True, False, False]
    assert cluster.members[0].excerpt.doc_id == f"{2:032x}"


def test_tokens_and_characters_are_those_of_clean_documents(data):
    assert data.total.tokens == 26 * 47
    assert data.total.characters == sum(
        len(f"The text of document {n} goes on and on. " * 20) for n in [0, *range(3, 28)]
    )
    assert data.tokens_per_document.total == 26


def test_fill_is_tokens_by_room(data):
    splits = {split.split: split for split in data.sequences}
    assert (splits["train"].length, splits["train"].sequences) == (LENGTH, 19)
    assert splits["train"].fill_ratio == pytest.approx((18 * 64 + 48) / (19 * 64))
    assert splits["heldout"].fill_ratio == pytest.approx(0.75)


def test_every_invariant_holds(data):
    assert data.invariants
    assert [invariant.name for invariant in data.invariants if not invariant.holds] == []


def test_input_files_tell_what_was_no_content(data):
    assert {source.source: source.skipped for source in data.sources} == {"books": 0, "web": 5}


def test_figures_survive_json(data):
    assert F.ReportData.model_validate_json(data.model_dump_json()) == data


def test_a_lake_where_only_ingest_ran_has_its_documents_undecided(young_lake):
    data = collect(young_lake)
    assert data.total.undecided == 32
    assert (data.measures, data.clusters, data.sequences) == ((), None, ())

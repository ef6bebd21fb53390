"""The figures of the hand-made lake, one by one."""

import pytest
from hand_made_lake import HOSTILE_URI, LENGTH

from jobs.report import facts as F
from jobs.report.collect import collect


def test_every_record_has_one_fate(facts):
    total = facts.total
    assert (total.read, total.rejected, total.documents) == (34, 2, 32)
    assert sum(total.dropped.values()) + sum(total.duplicates.values()) + total.kept == total.documents


def test_sources_and_languages_sum_to_the_whole(facts):
    assert facts.by_source["web"].read == 18
    assert facts.by_source["books"].read == 16
    languages = sum(facts.by_language.values(), F.Flow())
    assert languages.kept == facts.total.kept == 26
    assert {language: flow.documents for language, flow in facts.by_language.items()} == {"en": 20, "de": 8, "fr": 4}


def test_reasons_count_first_and_all(facts):
    counted = {reason.name: (reason.first, reason.documents, dict(reason.by_language)) for reason in facts.reasons}
    assert counted == {
        "gopher_repetition.top_2_gram": (0, 4, {"fr": 4}),
        "gopher_quality.short_doc": (4, 4, {"fr": 4}),
    }


def test_thresholds_come_from_the_policy_of_the_lake(facts):
    short = next(rule for rule in facts.thresholds if rule.reason == "gopher_quality.short_doc")
    assert (short.at(None), short.at("de"), short.at("fr")) == (50, 40, 50)


def test_a_measure_is_binned_over_all_and_per_language(facts):
    measure = next(each for each in facts.measures if each.name == "gopher_repetition.top_2_gram")
    assert measure.all.total == 32
    assert {language: values.total for language, values in measure.by_language.items()} == {"en": 20, "de": 8, "fr": 4}
    low = sum(count for count, edge in zip(measure.all.counts[1:], measure.all.edges, strict=False) if edge < 0.2)
    assert low == 28


def test_undefined_measures_are_counted_apart(facts):
    measure = next(each for each in facts.measures if each.name == "gopher_quality.mean_word_length")
    assert (measure.missing, measure.all.total) == (4, 28)


def test_a_switch_is_counted_as_no_and_yes(facts):
    measure = next(each for each in facts.measures if each.name == "c4.curly_bracket")
    assert measure.all.counts == (0, 31, 1, 0)


def test_examples_are_the_clearest_with_value_and_excerpt(facts):
    examples = facts.examples["gopher_quality.short_doc"]
    assert [example.excerpt.doc_id for example in examples] == [f"{number:032x}" for number in (28, 29, 30)]
    assert examples[0].value == 3
    assert examples[0].excerpt.uri == HOSTILE_URI


def test_rejects_show_the_first_by_uri_and_position(facts):
    (group,) = facts.rejects
    assert (group.records, group.uri, group.position) == (2, "/data/broken-3.jsonl", 3)
    assert group.sample == '{"text": "<script>\ufffd\x00'


def test_a_cluster_begins_with_its_survivor(facts):
    assert facts.clusters.sizes == {3: 1}
    (cluster,) = facts.clusters.largest
    assert [member.kept for member in cluster.members] == [True, False, False]
    assert cluster.members[0].excerpt.doc_id == f"{2:032x}"


def test_tokens_and_characters_are_those_of_clean_documents(facts):
    assert facts.total.tokens == 26 * 47
    assert facts.total.characters == sum(
        len(f"The text of document {n} goes on and on. " * 20) for n in [0, *range(3, 28)]
    )
    assert facts.tokens_per_document.total == 26


def test_fill_is_tokens_by_room(facts):
    splits = {split.split: split for split in facts.sequences}
    assert (splits["train"].length, splits["train"].sequences) == (LENGTH, 19)
    assert splits["train"].fill_ratio == pytest.approx((18 * 64 + 48) / (19 * 64))
    assert splits["heldout"].fill_ratio == pytest.approx(0.75)


def test_every_identity_holds(facts):
    assert facts.identities
    assert [identity.name for identity in facts.identities if not identity.holds] == []


def test_input_files_tell_what_was_no_content(facts):
    assert {source.source: source.skipped for source in facts.sources} == {"books": 0, "web": 5}


def test_figures_survive_json(facts):
    assert F.LakeFacts.model_validate_json(facts.model_dump_json()) == facts


def test_a_lake_where_only_ingest_ran_has_its_documents_undecided(young_lake):
    facts = collect(young_lake)
    assert facts.total.undecided == 32
    assert (facts.measures, facts.clusters, facts.sequences) == ((), None, ())

"""Scores of quality classifiers among the measures."""

import shutil
from pathlib import Path

import pytest
from measuring import documents
from pydantic import ValidationError

from pipelines.kernels.batch import TextBatch
from pipelines.language.scoring import LabelError, scores
from pipelines.reference import VARIABLE
from pipelines.rules.config import ClassifierConfig, MeasureConfig
from pipelines.rules.measures import measure

MODELS = Path(__file__).parents[1] / "language" / "models"
SOFTMAX, HIERARCHICAL = str(MODELS / "softmax_pruned.ftz"), str(MODELS / "hierarchical.ftz")
GOOD, BAD = "the theorem of energy and the orbit", "buy the free casino bonus"


def scored(texts, *classifiers):
    config = MeasureConfig(
        classifiers=[dict(zip(("name", "model", "label"), each, strict=True)) for each in classifiers]
    )
    return measure(documents(texts), config).column("classifiers").to_pylist(maps_as_pydicts="strict")


def test_each_document_has_the_probability_of_each_classifiers_label():
    found = scored([GOOD, BAD], ("edu", SOFTMAX, "__label__hq"), ("spam", HIERARCHICAL, "__label__cc"))
    assert [list(row) for row in found] == [["edu", "spam"]] * 2
    assert found[0]["edu"] > 0.9 > 0.1 > found[1]["edu"] > 0
    assert found[1]["spam"] > 0.9 > 0.1 > found[0]["spam"] > 0


def test_labels_of_one_model_are_scored_together_as_apart():
    several = scored([GOOD, BAD], *((name, HIERARCHICAL, f"__label__{name}") for name in ("cc", "topic1", "hq")))
    for name in ("cc", "topic1", "hq"):
        alone = scored([GOOD, BAD], (name, HIERARCHICAL, f"__label__{name}"))
        assert [row[name] for row in several] == [row[name] for row in alone]


def test_without_classifiers_there_are_no_scores():
    assert scored([GOOD]) == [None]
    assert scored([]) == []


def test_a_text_that_a_model_cannot_judge_has_no_score():
    assert scored(["", " \n\t", None, "\u3000"], ("edu", SOFTMAX, "__label__hq")) == [{"edu": None}] * 4


def test_line_breaks_are_blanks():
    edu = ("edu", SOFTMAX, "__label__hq")
    assert scored([GOOD.replace(" ", "\n")], edu) == scored([GOOD], edu) == scored([f"  {GOOD}\n\n"], edu)


def test_the_text_as_read_is_scored_and_not_what_line_rules_leave():
    edu = ("edu", SOFTMAX, "__label__hq")
    assert scored([f"{GOOD}\nbuy casino"], edu) == scored([f"{GOOD} buy casino"], edu) != scored([GOOD], edu)


def test_a_document_scores_the_same_in_any_batch():
    edu = ("edu", SOFTMAX, "__label__hq")
    texts = [GOOD, "", BAD, "x" * 100_000, GOOD + BAD]
    assert scored(texts, edu) == [scored([text], edu)[0] for text in texts]


def test_a_label_that_the_model_lacks_is_named_beside_those_it_has():
    with pytest.raises(
        LabelError, match=r"softmax_pruned\.ftz: it has no label '__label__good'; its labels: __label__"
    ):
        scored([GOOD], ("edu", SOFTMAX, "__label__good"))


def test_a_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "edu.bin").write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"edu\.bin: not a fastText model"):
        scored([GOOD], ("edu", str(tmp_path / "edu.bin"), "__label__hq"))


@pytest.mark.parametrize("model", sorted(MODELS.iterdir()), ids=lambda model: model.name)
def test_fasttext_itself_gives_the_same_scores(monkeypatch, model):
    texts = TextBatch.from_strings([GOOD, BAD, "", " \n", GOOD.replace(" ", "\n"), "unseen words alone"])
    ours = scores(texts, str(model), ["__label__hq", "__label__cc"])
    monkeypatch.setenv(VARIABLE, "fasttext")
    monkeypatch.setattr("pipelines.language.scoring._classifier", None)
    assert scores(texts, str(model), ["__label__hq", "__label__cc"]) == pytest.approx(ours, abs=2e-5, nan_ok=True)


# configuration


def config(model, name="edu", label="__label__hq"):
    return MeasureConfig(classifiers=(ClassifierConfig(name=name, model=str(model), label=label),))


def test_a_model_counts_by_its_content_wherever_it_lies(tmp_path):
    moved = shutil.copy(SOFTMAX, tmp_path / "moved.ftz")
    assert config(SOFTMAX).fingerprint() == config(moved).fingerprint()
    assert config(SOFTMAX).fingerprint() != config(HIERARCHICAL).fingerprint()


def test_a_model_that_was_replaced_in_place_is_another(tmp_path):
    model = shutil.copy(SOFTMAX, tmp_path / "model.ftz")
    before = config(model).fingerprint()
    shutil.copy(HIERARCHICAL, model)
    assert config(model).fingerprint() != before


def test_name_and_label_count():
    assert len({config(SOFTMAX, name, label).fingerprint() for name in "ab" for label in "xy"}) == 4


def test_without_classifiers_the_fingerprint_is_that_of_versions_that_had_none():
    assert MeasureConfig().fingerprint() == "5782c62bda0c24af"


def test_two_classifiers_of_one_name_are_refused():
    both = [{"name": "edu", "model": SOFTMAX, "label": label} for label in ("__label__hq", "__label__cc")]
    with pytest.raises(ValidationError, match="classifiers: name 'edu' is used twice"):
        MeasureConfig(classifiers=both)


@pytest.mark.parametrize("name", ["", "Edu", "1st", "a-b", "a.b", "a b"])
def test_a_name_that_could_be_no_key_of_a_policy_is_refused(name):
    with pytest.raises(ValidationError, match="name"):
        config(SOFTMAX, name)

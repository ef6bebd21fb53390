"""Quality classifiers through the whole pipeline: measured once, judged by policies, explained and reported."""

import shutil
from dataclasses import replace
from io import StringIO
from pathlib import Path

import corpus
import pyarrow as pa
import pytest

from jobs import preflight
from jobs.checks.tables import described
from jobs.cli import UsageError
from jobs.commands import decide, explain
from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.report.collect import collect
from jobs.report.page import render
from jobs.yaml_config import load as load_config
from lake.lake import Lake
from pipelines.kernels.batch import TextBatch
from pipelines.language.scoring import scores
from pipelines.policies.files import load
from pipelines.policies.spark import UnmeasuredError
from pipelines.tables import MEASURES

MODELS = Path(__file__).parents[1] / "language" / "models"
SOFTMAX, HIERARCHICAL = str(MODELS / "softmax_pruned.ftz"), str(MODELS / "hierarchical.ftz")
EDU = {"name": "edu", "model": SOFTMAX, "label": "__label__hq"}
TOPIC = {"name": "topic", "model": HIERARCHICAL, "label": "__label__topic1"}
POLICY = """\
name: good
order: [classifiers]
rules:
  classifiers: {min_edu: 0.6, max_edu: 0.9}
"""
STAGES = ("ingest", "clean")


class Scored:
    """A lake whose documents a classifier has scored."""

    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder
        self.lake = Lake(str(folder / "lake"), engine)
        self.sources, self.policy = folder / "in", folder / "good.yaml"
        self.policy.write_text(POLICY)

    def write(self, name, *numbers):
        self.sources.mkdir(exist_ok=True)
        (self.sources / f"{name}.txt").write_text("\n".join(corpus.prose(number) for number in numbers))

    def config(self, *classifiers, policy=None):
        clean = {"policy": policy or str(self.policy), "measure": {"classifiers": list(classifiers)}}
        sources = [{"name": "corpus", "path": str(self.sources), "root": str(self.sources)}]
        return RunConfig.model_validate({"lake": self.lake.root, "sources": sources, "clean": clean})

    def run(self, *classifiers, policy=None, stages=STAGES):
        """Runs stages; returns what they said."""
        said, config = StringIO(), self.config(*classifiers, policy=policy)
        assert run_stages(self.engine, config, Reporter(stream=said), stages, conclude=False) == 0
        return said.getvalue()

    def rows(self, table):
        return self.lake.read(table).toArrow().to_pylist(maps_as_pydicts="strict")

    def mode(self, table):
        return self.lake.last_own_commit(table).metadata.mode


def expected(rows, model=SOFTMAX, label="__label__hq"):
    return scores(TextBatch.from_strings([row["text"] for row in rows]), model, [label])[:, 0].tolist()


@pytest.fixture(scope="module")
def made(engine, tmp_path_factory):
    """Tests read it and change nothing."""
    lake = Scored(engine, tmp_path_factory.mktemp("scored"))
    for number in range(40):
        lake.write(f"{number:02d}", number)
    lake.run(EDU)
    return lake


@pytest.fixture
def copy(made, engine, tmp_path):
    shutil.copytree(made.folder, tmp_path / "copy")
    return Scored(engine, tmp_path / "copy")


def test_each_document_has_its_score_and_the_policy_decides_by_it(made):
    measured = made.rows("measures")
    assert [row["classifiers"]["edu"] for row in measured] == expected(measured)
    reasons = {row["doc_id"]: row["reasons"] for row in made.rows("decisions")}
    for row in measured:
        score = row["classifiers"]["edu"]
        beyond = ["classifiers.low_edu"] if score < 0.6 else ["classifiers.high_edu"] if score > 0.9 else []
        assert reasons[row["doc_id"]] == beyond
    assert {tuple(each) for each in reasons.values()} == {("classifiers.low_edu",), ("classifiers.high_edu",), ()}


def test_the_tasks_read_the_lakes_own_copy_of_the_model(made):
    (copied,) = Path(made.lake.root, "_files").glob("*/softmax_pruned.ftz")
    assert copied.read_bytes() == Path(SOFTMAX).read_bytes()


def test_another_threshold_needs_no_text(made, tmp_path):
    stricter = tmp_path / "stricter.yaml"
    stricter.write_text(POLICY.replace("0.6", "0.8"))
    proposal = decide.propose(made.lake, load(str(stricter)))
    above = [row for row in made.rows("measures") if 0.6 <= row["classifiers"]["edu"] < 0.8]
    assert proposal.dropped == len(above) > 0
    assert {row.reason for row in proposal.changes} == {"classifiers.low_edu"}


def test_a_policy_of_a_classifier_that_measured_nothing_is_refused(made, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(POLICY.replace("max_edu", "max_toxic"))
    with pytest.raises(UnmeasuredError, match=r"policy good has thresholds for toxic, .*\(measured: edu\)"):
        decide.propose(made.lake, load(str(other)))


def test_a_story_shows_the_score_beside_its_threshold(made, capsys):
    dropped = next(row["doc_id"] for row in made.rows("decisions") if row["reasons"] == ["classifiers.low_edu"])
    story = explain.trace_document(made.lake, dropped)
    rule = next(each for each in story["rules"] if each["rule"] == "classifiers.low_edu")
    assert rule["value"] == story["measures"]["classifiers"]["edu"] < rule["threshold"] == 0.6
    explain._print(story)
    line = next(line for line in capsys.readouterr().out.splitlines() if "classifiers.low_edu  " in line)
    assert line.split() == ["✗", "classifiers.low_edu", f"{rule['value']:.4g}", "<", "0.6"]


def test_a_story_tells_scores_that_no_rule_looks_at(copy, capsys):
    copy.run(EDU, TOPIC)
    document = copy.rows("documents")[0]["doc_id"]
    story = explain.trace_document(copy.lake, document)
    explain._print(story)
    score = story["measures"]["classifiers"]["topic"]
    assert f"scores that no rule looks at: topic {score:.4g}\n" in capsys.readouterr().out


def test_the_report_draws_each_classifier_with_its_thresholds(made):
    found = collect(made.lake)
    measure = next(each for each in found.measures if each.name == "classifiers.edu")
    assert measure.all.total == len(made.rows("measures"))
    assert {rule.reason: rule.value for rule in found.thresholds} == {
        "classifiers.low_edu": 0.6,
        "classifiers.high_edu": 0.9,
    }
    assert all(example.value < 0.6 for example in found.examples["classifiers.low_edu"])
    assert "Quality classifiers" in render(found)


def test_nothing_is_done_twice_and_new_documents_alone_are_scored(copy):
    copy.run(EDU)
    assert copy.lake.version("measures") == 0
    copy.write("more", 77)
    copy.run(EDU)
    assert copy.mode("measures") == "append"
    measured = copy.rows("measures")
    assert [row["classifiers"]["edu"] for row in measured] == expected(measured)


def test_a_document_that_leaves_takes_its_score_along(copy):
    (copy.sources / "07.txt").unlink()
    copy.run(EDU)
    assert copy.mode("measures") == "change"
    assert len(copy.rows("measures")) == len(copy.rows("decisions")) == 39


def test_a_model_may_be_named_by_a_uri(copy):
    copy.run(EDU | {"model": Path(SOFTMAX).as_uri()})
    assert copy.lake.version("measures") == 0
    preflight.check(copy.config(EDU | {"model": Path(SOFTMAX).as_uri()}), ["clean"])
    copy.run(TOPIC | {"model": Path(HIERARCHICAL).as_uri()}, policy="none")
    measured = copy.rows("measures")
    assert [row["classifiers"]["topic"] for row in measured] == expected(measured, HIERARCHICAL, "__label__topic1")


def test_languages_are_those_of_the_lakes_own_copy_of_another_model(copy):
    config = copy.config(policy="none").model_dump(mode="json", exclude_unset=True)
    config["ingest"] = {"language_model": SOFTMAX}
    assert run_stages(copy.engine, RunConfig.model_validate(config), Reporter(), ["ingest"], conclude=False) == 0
    documents = copy.rows("documents")
    best = [max(scores) for scores in zip(expected(documents), expected(documents, label="__label__cc"), strict=True)]
    assert {row["language"] for row in documents} == {"hq", "cc"}
    assert [row["language_score"] for row in documents] == pytest.approx(best, abs=2e-5)
    assert list(Path(copy.lake.root, "_files").glob("*/softmax_pruned.ftz"))


def test_another_classifier_measures_again_and_a_moved_model_does_not(copy, tmp_path):
    moved = shutil.copy(SOFTMAX, tmp_path / "moved.ftz")
    copy.run(EDU | {"model": str(moved)})
    assert copy.lake.version("measures") == 0
    said = copy.run(EDU, TOPIC)
    assert "measures is made anew" in said
    measured = copy.rows("measures")
    assert [row["classifiers"]["topic"] for row in measured] == expected(measured, HIERARCHICAL, "__label__topic1")


def test_a_run_without_classifiers_has_no_scores(copy):
    copy.run(policy="none")
    assert {row["classifiers"] for row in copy.rows("measures")} == {None}


@pytest.fixture
def older(copy):
    """The lake as a version without classifiers left it: `measures` lacks their column."""
    copy.run(policy="none")
    last, rows = copy.lake.last_own_commit("measures"), copy.lake.read("measures").drop("classifiers").toArrow()
    table = replace(MEASURES, schema=pa.schema([each for each in MEASURES.schema if each.name != "classifiers"]))
    shutil.rmtree(f"{copy.lake.root}/measures")
    copy.lake = Lake(copy.lake.root, copy.engine)
    for version in range(last.version + 1):  # the same versions, so that later tables follow it
        files = copy.lake.write(rows, table, f"{last.metadata.run_id}{version or ''}")
        copy.lake.commit_files(files, table, last.metadata, "overwrite", version - 1)
    copy.lake = Lake(copy.lake.root, copy.engine)
    assert "classifiers" not in copy.lake.schema("measures").names
    return copy


def test_an_older_lake_goes_on_without_scores(older):
    older.write("more", 77)
    older.run(policy="none")
    assert older.mode("measures") == "append"
    assert [row["classifiers"] for row in older.rows("measures")] == [None] * 41


def test_an_older_lake_can_be_read_by_everything(older, capsys):
    assert [finding.detail for finding in described(older.lake, MEASURES) if not finding.holds] == []
    explain._print(explain.trace_document(older.lake, older.rows("documents")[0]["doc_id"]))
    assert "scores that no rule" not in capsys.readouterr().out
    assert "Quality classifiers" not in render(collect(older.lake))
    with pytest.raises(UnmeasuredError, match=r"thresholds for edu, .*\(measured: none\)"):
        decide.propose(older.lake, load(str(older.policy)))


def test_a_classifier_measures_every_document_of_an_older_lake(older):
    older.run(EDU)
    assert older.mode("measures") == "rebuild"
    measured = older.rows("measures")
    assert [row["classifiers"]["edu"] for row in measured] == expected(measured)


# before an engine starts


@pytest.mark.parametrize(
    ("classifier", "said"),
    [
        (
            EDU | {"model": "/no/such/model.bin"},
            r"measure\.classifiers\.0\.model: .*/no/such/model\.bin: no such",
        ),
        (EDU | {"label": "hq"}, r"classifiers\.0\.label: .*no label 'hq'; its labels: __label__"),
        (EDU | {"model": __file__}, r"classifiers\.0\.model: .*not a fastText model"),
        (EDU | {"name": "other"}, r"clean\.policy: policy good has thresholds for edu, .*\(measured: other\)"),
    ],
)
def test_what_cannot_work_is_said_before_anything_starts(made, classifier, said):
    with pytest.raises(UsageError, match=said):
        preflight.check(made.config(classifier), ["clean"])


def test_a_right_configuration_passes(made):
    preflight.check(made.config(EDU, TOPIC), ["clean"])


def test_a_models_path_starts_from_the_configurations_folder(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text(
        "sources: [{name: a, path: in}]\nclean:\n  measure:\n    classifiers:\n"
        "      - {name: edu, model: models/edu.bin, label: __label__hq}\n"
    )
    config = load_config(file, RunConfig)
    assert config.clean.measure.classifiers[0].model == str(tmp_path / "models" / "edu.bin")

"""The stage `features` on a whole lake, again and again: what is computed, what is added, and what is not."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import corpus
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from features.catalogue.catalogue import CATALOGUE
from features.catalogue.client import CLIENT_USAGE
from features.catalogue.document import DOCUMENT_STATE
from features.computation.clients import client_usage
from features.computation.history import newest
from features.computation.input_file import InputFileError
from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.segments import segment_id
from features.tables import table_of
from jobs import preflight
from jobs.checks.lake import check
from jobs.cli import UsageError
from jobs.commands.decide import apply, propose
from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.stages import feature_files
from jobs.stages import features as stage
from lake.commits import CommitMetadata
from lake.lake import Lake
from pipelines.policies.files import load
from pipelines.readers.config import DEFAULT_EXCLUDE, SourceConfig
from pipelines.semantics import Semantics
from pipelines.tables import TOKENS

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
DOCUMENTS = {"features_document_measures", "features_document_state", "features_source_quality"}


class Features:
    """A lake whose features are computed again and again."""

    def __init__(self, engine, root, config):
        self.lake, self._engine, self.config = Lake(str(root), engine), engine, config

    def compute(self, *stages):
        """Runs stages, by default `features`; returns the tables of features that have a new version."""
        before = self.versions()
        run_stages(self._engine, self.config, Reporter(), stages or ["features"], conclude=False)
        return {name for name, version in self.versions().items() if before.get(name) != version}

    def versions(self):
        return {name: self.lake.version(name) for name in self.lake.tables() if name.startswith("features_")}

    def rows(self, view):
        """The whole history of a view."""
        return self.lake.read(f"features_{view}").toArrow()

    def now(self, view):
        """First key -> the newest row, of entities that are there."""
        view = CATALOGUE.view(view)
        rows = newest(self.lake.read(view.table), view.join_keys).toArrow().to_pylist()
        features = [feature.name for feature in view.features]
        return {row[view.join_keys[0]]: row for row in rows if any(row[name] is not None for name in features)}

    def configure(self, **sections):
        self.config = RunConfig.model_validate(self.config.model_dump(exclude_unset=True) | sections)


@pytest.fixture
def features(engine, lake, corpus_folder, tmp_path):
    """A copy of the finished lake, with its configuration."""
    root = shutil.copytree(lake, tmp_path / "lake")
    return Features(engine, root, corpus.config(str(root), corpus_folder))


def ids(lake, table, where="true"):
    return {row.doc_id for row in lake.read(table).where(where).select("doc_id").collect()}


def test_every_document_of_the_lake_has_its_features_and_a_second_run_commits_nothing(features):
    assert features.compute() == DOCUMENTS
    lake, state = features.lake, features.now("document_state")
    assert state.keys() == ids(lake, "decisions")
    assert {each for each, row in state.items() if row["kept"]} == ids(lake, "decisions", "kept")
    assert {each for each, row in state.items() if row["delivered"]} == ids(lake, "clean_documents")
    tokens = {row.doc_id: row.n_tokens for row in lake.read("tokens").select("doc_id", "n_tokens").collect()}
    assert {each: row["tokens"] for each, row in state.items() if row["tokens"] is not None} == tokens
    assert features.now("document_measures").keys() == ids(lake, "measures")
    (source,) = features.now("source_quality").values()
    assert (source["source"], source["documents"], source["tokens"]) == ("corpus", len(state), sum(tokens.values()))
    assert (source["rejects"], source["kept_share"]) == (
        lake.rows("rejects"),
        len(ids(lake, "decisions", "kept")) / len(state),
    )
    runs = lake.version("runs")
    assert features.compute() == set()
    assert lake.version("runs") == runs


def test_rows_have_the_schema_of_their_table_and_the_time_of_the_newest_input(features):
    features.compute()
    written = {name: next(features.lake.commits(name)).timestamp for name in ("measures", "decisions", "tokens")}
    for view, newest_input in (("document_measures", "measures"), ("document_state", "tokens")):
        rows = features.rows(view)
        assert rows.schema.equals(table_of(CATALOGUE.view(view)).schema)
        assert set(rows[EVENT_TIMESTAMP].to_pylist()) == {written[newest_input]}
        (created,) = set(rows[CREATED].to_pylist())
        assert written[newest_input] < created <= datetime.now(UTC)


def test_new_documents_alone_are_added_and_the_source_gets_another_row(features, tmp_path):
    features.compute()
    known = ids(features.lake, "decisions")
    more = corpus.make(tmp_path / "more", 10, first=5000)
    features.configure(sources=[*features.config.sources, SourceConfig(name="more", path=str(more))])
    features.compute("ingest", "clean", "dedup", "tokenize")
    assert features.compute() == DOCUMENTS
    new = ids(features.lake, "decisions") - known
    for view in ("document_measures", "document_state"):
        rows = features.rows(view)
        added = rows.filter(pc.equal(rows[CREATED], pc.max(rows[CREATED])))["doc_id"].to_pylist()
        assert set(added) >= new
        assert len(added) == len(set(added))
        # A new copy of an old document makes a cluster of it: that changes the old one's state too.
        assert set(added) - new <= ids(features.lake, "duplicates")
    assert features.rows("source_quality")["source"].to_pylist() == ["corpus", "more"]
    assert features.compute() == set()


def test_another_policy_adds_a_row_for_each_document_because_the_policy_is_a_feature(features):
    features.compute()
    apply(features.lake, propose(features.lake, load("gopher")))
    assert features.compute() == {"features_document_state", "features_source_quality"}
    state = features.now("document_state")
    assert {row["policy"] for row in state.values()} == {load("gopher").label}
    assert features.rows("document_state").num_rows == 2 * len(state)
    assert features.compute() == set()


def test_documents_that_left_get_one_row_without_values(features):
    features.compute()
    before = ids(features.lake, "decisions")
    source = features.config.sources[0].model_copy(update={"exclude": (*DEFAULT_EXCLUDE, "page.html")})
    features.configure(sources=[source])
    features.compute("ingest", "clean", "dedup", "tokenize")
    (left,) = before - ids(features.lake, "decisions")
    features.compute()
    for view in ("document_measures", "document_state"):
        assert left not in features.now(view)
        rows = features.rows(view)
        mine = rows.filter(pc.equal(rows["doc_id"], left)).sort_by(CREATED).to_pylist()
        assert len(mine) == 2
        names = [feature.name for feature in CATALOGUE.view(view).features]
        assert {mine[1][name] for name in names} == {None}
        assert mine[0][EVENT_TIMESTAMP] < mine[1][EVENT_TIMESTAMP]
    assert features.compute() == set()


def test_late_input_changes_only_the_rows_that_it_concerns(features):
    """Tokens that come after the features were computed."""
    shutil.move(features.lake.path("tokens"), features.lake.path("../tokens"))
    features.compute()
    state = features.now("document_state")
    assert {row["tokens"] for row in state.values()} == {None}
    shutil.move(features.lake.path("../tokens"), features.lake.path("tokens"))
    assert features.compute() == {"features_document_state", "features_source_quality"}
    tokenized = ids(features.lake, "tokens")
    assert features.rows("document_state").num_rows == len(state) + len(tokenized)
    assert {each for each, row in features.now("document_state").items() if row["tokens"]} == tokenized


def test_a_table_that_is_made_anew_with_the_same_rows_adds_nothing_to_a_history(features):
    features.compute()
    tokens = features.lake.read("tokens").toArrow()
    other = features.lake.last_own_commit("tokens").metadata
    renamed = tokens.set_column(
        tokens.schema.get_field_index("run_id"), "run_id", pa.array(["tokenize-f"] * len(tokens))
    )
    metadata = replace(other, run_id="tokenize-f", mode="rebuild", rows_out=None)
    features.lake.overwrite(renamed, TOKENS, metadata, features.lake.version("tokens"))
    rows = features.rows("document_state").num_rows
    features.compute()
    assert features.rows("document_state").num_rows == rows
    assert features.compute() == set()


def test_a_new_version_of_a_computation_adds_only_what_it_computes_otherwise(features, monkeypatch):
    features.compute()
    rows = features.rows("document_state").num_rows
    monkeypatch.setattr(stage, "DOCUMENT_FEATURES", Semantics("document_features", {1: "it began", 2: "it goes on"}))
    assert features.compute() == {"features_document_measures", "features_document_state"}
    assert features.rows("document_state").num_rows == rows
    assert features.lake.last_own_commit("features_document_state").metadata.semantics == (2,)
    assert features.compute() == set()


def test_without_tables_there_is_a_note_and_no_commit(engine, tmp_path, capsys):
    config = RunConfig.model_validate({"lake": str(tmp_path / "lake")})
    assert Features(engine, tmp_path / "lake", config).compute() == set()
    assert (
        "features_document_measures waits for the table measures, which `tokenlake run` makes"
        in capsys.readouterr().err
    )


@pytest.fixture
def files(features, tmp_path):
    """The example's files beside a lake, and their configuration."""
    for name in ("sentences.tsv", "glossary.csv", "clients.yaml", "requests.csv"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    bitext = {
        "path": str(tmp_path / "sentences.tsv"),
        "columns": ["source", "target", "time"],
        "both_directions": True,
    }
    features.configure(
        features={
            "bitext": [bitext | {"source_language": "de", "target_language": "en"}],
            "glossary": [str(tmp_path / "glossary.csv")],
            "clients": str(tmp_path / "clients.yaml"),
            "requests": [str(tmp_path / "requests.csv")],
        }
    )
    return tmp_path


def test_files_fill_the_other_views_and_are_not_read_again(features, files):
    assert features.compute() == {view.table for view in CATALOGUE.views}
    morning = features.now("segment_memory")[segment_id("Guten Morgen!")]
    assert (morning["best_target"], morning["count"]) == ("Good morning!", 3)
    assert features.now("term_glossary")["legal"]["source_language"] in ("de", "en")
    assert features.now("client_profile")["acme"]["requests_per_minute"] == 600
    assert features.now("client_usage")["acme"]["requests_1h"] == 4
    statistics = features.rows("language_pair_statistics").to_pylist()
    assert {row["pairs"] for row in statistics} == {51}
    assert all(row["source_characters_per_token"] > 1 for row in statistics)  # with the lake's own tokenizer
    for file in files.glob("*.*"):
        os.utime(file)  # touched, and not changed
    assert features.compute() == set()


def test_a_changed_file_adds_the_rows_that_differ_and_retracts_those_that_are_gone(features, files):
    features.compute()
    text = (files / "glossary.csv").read_text()
    changed = text.replace("claimant,plaintiff", "claimant,complainant").replace(
        next(line for line in text.splitlines(keepends=True) if ",Vollmacht," in line), ""
    )
    (files / "glossary.csv").write_text(changed)
    before = features.rows("term_glossary").num_rows
    assert features.compute() == {"features_term_glossary"}
    added = (
        features.rows("term_glossary").sort_by([(CREATED, "ascending"), ("term", "ascending")]).to_pylist()[before:]
    )
    modified = datetime.fromtimestamp(os.stat(files / "glossary.csv").st_mtime, UTC)
    assert [(row["term"], row["target"], row["forbidden"]) for row in added] == [
        ("kläger", "claimant", ["complainant"]), ("vollmacht", None, None),
    ]  # fmt: skip
    assert all(abs((row[EVENT_TIMESTAMP] - modified).total_seconds()) < 0.001 for row in added)


def test_a_view_whose_files_are_no_longer_configured_stays(features, files):
    features.compute()
    features.configure(features={})
    assert features.compute() == set()
    assert "acme" in features.now("client_profile")


def test_another_tokenizer_makes_other_statistics_and_the_same_memory(features, files):
    features.compute()
    features.configure(tokenizer={"name": "other", "vocab_size": 600})
    features.compute("tokenize")
    tables = {"features_document_state", "features_source_quality", "features_language_pair_statistics"}
    assert features.compute() == tables


def test_a_bad_file_stops_the_stage_before_its_view_and_keeps_what_was_there(features, files):
    features.compute()
    (files / "clients.yaml").write_text("- {client_id: acme, tier: gold}\n")
    with pytest.raises(InputFileError, match=r"clients\.yaml:1: tier: 'gold' is none of free, standard, premium"):
        features.compute()
    assert features.now("client_profile")["acme"]["tier"] == "premium"


@pytest.mark.slow
def test_real_sentences(features, shared_data):
    bitext = {
        "path": str(shared_data / "tatoeba" / "deu-eng.zip"),
        "member": "deu.txt",
        "columns": ["target", "source"],
    }
    features.configure(features={"bitext": [bitext | {"source_language": "de", "target_language": "en"}]})
    features.compute()
    (statistics,) = features.rows("language_pair_statistics").to_pylist()
    assert (statistics["pairs"], statistics["unknown_share"]) == (169_813, 0.0)
    assert 0.8 < statistics["length_ratio_mean"] < 1.0
    thanks = features.now("segment_memory")[segment_id("Danke!")]
    assert thanks["best_target"].startswith("Thank")


def test_a_check_of_the_lake_finds_a_document_whose_features_are_lost(features):
    features.compute()
    assert {finding.name for finding in check(features.lake) if not finding.holds} == set()
    lost = min(ids(features.lake, "decisions"))
    DeltaTable(features.lake.path("features_document_state")).delete(f"doc_id = '{lost}'")
    faults = {finding.name: finding.detail for finding in check(Lake(features.lake.root, features.lake.engine))
              if not finding.holds}  # fmt: skip
    assert faults == {"each decided document has its state as features": f"1 are missing, 0 too many, such as {lost}"}


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"clients": "gone.yaml"}, "clients"),
        ({"glossary": ["gone.csv"]}, r"glossary\.0"),
        ({"requests": ["gone.csv"]}, r"requests\.0"),
        ({"bitext": [{"path": "gone.tsv", "source_language": "de", "target_language": "en"}]}, r"bitext\.0\.path"),
    ],
)
def test_a_file_that_is_not_there_is_named_with_its_key_before_an_engine_starts(tmp_path, section, key):
    config = RunConfig.model_validate({"lake": str(tmp_path), "features": section})
    with pytest.raises(UsageError, match=rf"features\.{key}: gone\.\w+: no such file"):
        preflight.check(config, ["features"])


def test_a_feature_that_is_new_in_a_view_gets_its_values_and_earlier_rows_are_null(features, monkeypatch):
    smaller = replace(DOCUMENT_STATE, features=DOCUMENT_STATE.features[:-1])  # without tokens
    with monkeypatch.context() as earlier:
        earlier.setattr(stage, "DOCUMENT_STATE", smaller)
        features.compute()
    assert "tokens" not in features.rows("document_state").schema.names
    before = features.rows("document_state").num_rows
    assert features.compute() == {"features_document_state"}
    rows = features.rows("document_state")
    assert rows.schema.equals(table_of(DOCUMENT_STATE).schema)
    assert features.lake.schema("features_document_state").equals(rows.schema)
    tokenized = ids(features.lake, "tokens")
    assert rows.num_rows == before + len(tokenized)
    assert {each for each, row in features.now("document_state").items() if row["tokens"]} == tokenized
    assert features.compute() == set()


def test_a_push_while_usage_is_counted_is_no_conflict_and_stays_the_newest(features, files, monkeypatch):
    table, now = table_of(CLIENT_USAGE), datetime.now(UTC)
    row = {"client_id": "acme", "requests_1h": 99, EVENT_TIMESTAMP: now, CREATED: now, "run_id": "push-1"}

    def count(requests):
        pushed = pa.Table.from_pylist([row], table.schema)
        features.lake.append(pushed, table, CommitMetadata("push-1", "push", "append", "", "", {}, 0.0), None)
        return client_usage(requests)

    monkeypatch.setattr(feature_files, "client_usage", count)
    assert "features_client_usage" in features.compute()
    usage = features.now("client_usage")
    assert {client: row["requests_1h"] for client, row in usage.items()} == {"acme": 99, "chambers": 2, "trial": 1}
    assert features.rows("client_usage").num_rows == 4  # of acme the row of the log too, which was true before
    assert features.compute() == set()

"""`tokenlake run` and `explain` on a lake of sentence pairs alone, and what is refused before a run starts."""

import json

import pytest
import yaml
from bitext.pair_lakes import PairLake

from jobs.cli import UsageError, main
from jobs.commands.explain_pairs import print_pair, trace_pair
from jobs.preflight import check
from jobs.stage_choice import stages_of
from jobs.stages import pairs
from jobs.turn import unfinished
from lake.lake import Lake

LINES = "Hello there.\tGuten Tag.\nhello there\tGuten Tag!\nThe same here.\tThe same here!\nlost\n"


@pytest.fixture
def made(engine, tmp_path):
    return PairLake(engine, tmp_path, policy="opus").run(first=LINES)


def ids(lake) -> dict[str, str]:
    return dict(lake.rows("pairs", "source_text", "pair_id"))


def test_a_run_of_all_stages_does_without_those_of_documents(tmp_path, capsys):
    (tmp_path / "a.tsv").write_text(LINES)
    config = tmp_path / "run.yaml"
    source = {"name": "a", "path": "a.tsv", "languages": ["en", "de"]}
    config.write_text(yaml.safe_dump({"lake": "lake", "pairs": {"sources": [source], "policy": "none"}}))
    assert main(["run", str(config)]) == 0
    said = capsys.readouterr()
    assert "invariants hold" in said.out + said.err
    assert main(["tables", str(tmp_path / "lake"), "--json"]) == 0
    tables = {each["table"]: each["rows"] for each in json.loads(capsys.readouterr().out)}
    assert (tables["pairs"], tables["pair_rejects"], tables["clean_pairs"]) == (3, 1, 2)
    assert "documents" not in tables


def test_stages_of_documents_stay_where_there_are_sources_or_documents(made, lake):
    config = made.config()
    everything = ("ingest", "pairs", "pack", "features")
    assert stages_of(config, everything) == ["pairs", "features"]
    assert stages_of(config, ("pack",)) == ("pack",)
    assert stages_of(config.model_copy(update={"lake": lake}), everything) == everything


def test_explain_shows_a_dropped_pair_with_every_rule(made, capsys):
    trace = trace_pair(made.lake, ids(made)["The same here."][:10])
    failed = {rule["rule"]: rule["value"] for rule in trace["rules"] if rule["failed"]}
    assert failed == {"opus.common_substring": pytest.approx(13 / 14), "opus.similarity": pytest.approx(13 / 14)}
    print_pair(trace)
    said = capsys.readouterr().out
    assert "dropped: opus.common_substring, opus.similarity" in said
    assert "'The same here!'" in said


def test_explain_shows_the_identified_language_of_each_side(made, capsys):
    made.settings |= {"policy": "strict", "identify_languages": True}
    made.run(more="Das ist ein deutscher Satz, kein englischer.\tDas ist ein deutscher Satz.\n")
    trace = trace_pair(made.lake, ids(made)["Das ist ein deutscher Satz, kein englischer."])
    failed = [rule["rule"] for rule in trace["rules"] if rule["failed"]]
    assert "language.wrong:source (de)" in failed
    assert "language.wrong:target (de)" not in failed
    print_pair(trace)
    assert "another language and at least 0.8" in " ".join(capsys.readouterr().out.split())  # the table wraps


def test_explain_shows_a_duplicate_beside_its_survivor(made, capsys):
    for text in ("Hello there.", "hello there"):
        trace = trace_pair(made.lake, ids(made)[text])
        assert len(trace["cluster"]) == 2
        assert (trace["clean_pairs"] is not None) is trace["pair_duplicates"]["kept"]
        print_pair(trace)
    assert capsys.readouterr().out.count("by both, one of 2") == 2


def test_an_id_that_no_pair_has_is_refused(made):
    with pytest.raises(UsageError, match="no pair_id begins with 'zz'"):
        trace_pair(made.lake, "zz")
    with pytest.raises(UsageError, match="more than one pair_id"):
        trace_pair(made.lake, "")


def test_documents_are_still_explained_where_a_lake_has_no_pairs(lake, engine):
    assert trace_pair(Lake(lake, engine), "0") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"policy": "unknown"}, "pairs.policy: unknown policy 'unknown'"),
        ({"policy": "strict"}, "set pairs.identify_languages to true"),
        (
            {"sources": [{"name": "a", "path": "/no/such/file", "languages": ["en", "de"]}]},
            "pairs.sources.0.path: /no/such/file: no such file or folder",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_before_an_engine_starts(made, change, message):
    made.settings.update(change)
    with pytest.raises(UsageError, match=message):
        check(made.config(), ("pairs",))


def test_the_next_stages_wait_for_pairs_that_are_read_but_not_decided(made, monkeypatch):
    assert unfinished(made.lake, "pairs") is None
    monkeypatch.setattr(pairs, "_decide", lambda run: (_ for _ in ()).throw(RuntimeError("stopped")))
    with pytest.raises(RuntimeError, match="stopped"):
        made.run(second="New one.\tNeues.\n")
    assert unfinished(made.lake, "features") == "pairs"
    monkeypatch.undo()
    made.run()
    assert unfinished(made.lake, "features") is None

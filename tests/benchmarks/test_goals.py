"""Each benchmark holds each engine to the goals of its size, with what was measured of the peers."""

import json

import pytest

from benchmarks.lakes import Command
from benchmarks.process import Finished
from benchmarks.setting import Setting
from benchmarks.suite import chain, minhash, rules, small

SECONDS = {"sail": 10.0, "spark": 50.0}
PEERS = {"daft": 30.0, "datatrove": 160.0, "text_dedup": 25.0, "sketches": 2.0}


class FakeLake:
    """A lake whose commands took as long as its engine says."""

    def __init__(self, engine):
        self.engine = engine

    def configure(self, **sections):
        return self

    def copy(self, name, engine=None):
        return FakeLake(engine or self.engine)

    def took(self, *_):
        seconds = SECONDS[self.engine]
        return Command(seconds, 1.5 * seconds, 1536.0, 1.0, {"clean": seconds - 2, "dedup": seconds - 2})

    run = again = stage = example = took

    def rows(self, name):
        return 7

    def table(self, name, *columns):
        return {"kept": self}

    def to_pylist(self):
        return [True, False, True]


def fake_peer(name, script, cache, cores, *arguments):
    seconds = PEERS[name]
    results = {"deduplicated": 6, "tokens": 9, "kept": 2, "cleaned": 3}
    work = {"seconds": seconds - 1, "deduplicated": 6, "tokens": 9, "documents": 6}
    steps = ("chain", "minhash", "rensa", "fastsketchlsh", "clean", "clean_every")
    said = {"versions": {name: "1"}, "measured": {"results": results, **dict.fromkeys(steps, work)}}
    return Finished(seconds, 2 * seconds, 256.0, json.dumps(said), "")


@pytest.fixture
def setting(monkeypatch, tmp_path):
    for module in (chain, minhash, rules):
        monkeypatch.setattr(module, "peer", fake_peer)
    for module in (minhash, rules):
        monkeypatch.setattr(module, "count_lines", lambda folder: 8)
    for module in (chain, small):
        monkeypatch.setattr(module, "tokenizer", lambda setting: tmp_path / "tokenizer.json")
    monkeypatch.setattr(minhash, "all_kept", lambda setting, size: FakeLake("sail"))
    monkeypatch.setattr(rules, "ingested", lambda setting, size: FakeLake("sail"))
    monkeypatch.setattr(small, "hundred", lambda setting: tmp_path)
    monkeypatch.setattr(Setting, "archives", lambda self, size: tmp_path)
    monkeypatch.setattr(Setting, "texts", lambda self, size: tmp_path)
    monkeypatch.setattr(Setting, "lake", lambda self, name, engine=None: FakeLake(engine or "sail"))
    return Setting("full", tmp_path, tmp_path, 2, ("sail", "spark"), (1_250, 5_000, 36_000))


def measured(found):
    return {(goal.what, goal.engine): (round(goal.measured, 2), goal.met) for goal in found.goals}


def test_the_chain_is_held_to_both_peers_from_5000_pages_on_and_to_memory_at_36000(setting):
    found = chain.chain(setting)
    goals = measured(found)
    assert goals["WARC to packed, 5,000 pages: times Daft", "sail"] == (3.0, True)
    assert goals["WARC to packed, 36,000 pages: times datatrove", "sail"] == (16.0, True)
    assert goals["WARC to packed, 36,000 pages: times Daft", "spark"] == (0.6, False)
    assert goals["36,000 pages: peak memory", "sail"] == (1.5, True)
    assert len(goals) == 2 * (2 + 2 + 1)
    assert [run.who for run in found.runs[:5]] == [
        "tokenlake, sail",
        "tokenlake, spark",
        "tokenlake, sail, without rules",
        "Daft",
        "datatrove",
    ]
    assert {run.cores for run in found.runs if run.ours} == {1.5}


def test_the_rules_are_held_to_every_filter_at_5000_pages_by_the_work_alone(setting):
    goals = measured(rules.rules_stage(setting))
    what = "rules as a stage, 8 documents: times datatrove, every filter"
    assert goals == {(what, "sail"): (19.88, False), (what, "spark"): (3.31, False)}


def test_minhash_is_held_to_datatrove_at_36000_and_to_text_dedup_from_5000_on(setting):
    found = minhash.minhash(setting)
    assert [goal.what.rsplit(" ", 1)[-1] for goal in found.goals if goal.engine == "sail"] == [
        "text-dedup",
        "datatrove",
        "text-dedup",
    ]
    goals = measured(found)
    assert goals["MinHash end to end, 8 documents: times datatrove", "sail"] == (16.0, False)
    assert goals["MinHash end to end, 8 documents: times text-dedup", "sail"] == (2.5, True)


def test_small_runs_are_held_to_seconds_and_memory_on_each_engine(setting):
    found = small.small(setting)
    assert [run.group for run in found.runs] == ["100 documents"] * 2 + ["nothing new"] * 2 + ["quickstart"] * 2
    goals = measured(found)
    assert goals["quickstart", "sail"] == (10.0, True)
    assert goals["quickstart: peak memory", "sail"] == (1.5, False)
    assert goals["the same again, nothing new", "spark"] == (50.0, False)
    assert len(goals) == 8

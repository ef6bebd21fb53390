"""Mixtures of tables: planned into a Delta table, fed in one order, resumed, changed from a sample on."""

import json

import numpy as np
import pytest
from deltalake import DeltaTable
from feed_runs import delivered
from pydantic import ValidationError
from sequence_tables import CAUSAL, append, packed_rows

from jobs.cli import main
from pipelines.errors import MissingPathError
from training.feed.errors import FeedError, FeedMisuseError
from training.feed.mixture_config import MixtureConfig
from training.feed.mixture_plan import read_plan, write_plan
from training.feed.mixture_planning import planned
from training.feed.opening import open_feed
from training.feed.opening_mixture import open_mixture
from training.feed.order import Shuffle

SHUFFLE = Shuffle(8, 4)


@pytest.fixture(scope="module")
def lakes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes")
    append(folder / "web", packed_rows(300), files=2)
    append(folder / "code", packed_rows(120, seed=5))
    return folder


def config(lakes, plan, *weights, where=None, **options):
    """Web has at most three epochs; `weights` are those of phases that begin 400 samples apart."""
    sources = [
        {"name": "web", "lake": str(lakes / "web"), "epochs": 3, "where": where},
        {"name": "code", "lake": str(lakes / "code"), "epochs": None},
    ]
    phases = [{"from_sample": 400 * n, "weights": each} for n, each in enumerate(weights)]
    return MixtureConfig(**{"plan": str(plan), "sources": sources, "phases": phases, "window": 50} | options)


@pytest.fixture
def plan(lakes, tmp_path):
    return write_plan(str(tmp_path / "plan"), planned(config(lakes, tmp_path / "plan", {"web": 7, "code": 3})))


def feeds(plan, ranks, batch, **options):
    settings = {"shuffle": SHUFFLE, "prefetch": 0} | options
    return [
        open_mixture(plan.location, global_batch_size=batch, rank=rank, ranks=ranks, **settings)
        for rank in range(ranks)
    ]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 6, 8])
def test_the_order_of_a_mixture_is_the_same_for_any_number_of_ranks_and_workers(plan, ranks, workers):
    alone, _ = delivered(feeds(plan, 1, 1))
    found, _ = delivered(feeds(plan, ranks, 24), workers)
    assert found == alone[: len(alone) // 24 * 24]


def test_shares_of_tokens_are_those_of_the_weights(lakes, plan):
    found, _ = delivered(feeds(plan, 1, 1), steps=400)
    tokens = np.zeros(2)
    for source, _, _, ids in found:
        tokens[source] += (np.frombuffer(ids, "<u2") != CAUSAL.pad_id).sum()
    assert tokens / tokens.sum() == pytest.approx([0.7, 0.3], abs=0.02)


def test_a_source_is_used_as_often_as_it_may_and_then_the_mixture_ends(plan):
    found, _ = delivered(feeds(plan, 1, 1))
    web = sorted((epoch, row) for source, epoch, row, _ in found if source == 0)
    assert web == [(epoch, row) for epoch in range(3) for row in range(300)]


def test_others_go_on_when_a_source_is_exhausted(lakes, tmp_path):
    both = config(lakes, tmp_path / "plan", {"web": 7, "code": 3}, exhausted="others")
    sources = [each.model_copy(update={"epochs": 2}) for each in both.sources]
    plan = write_plan(both.plan, planned(both.model_copy(update={"sources": tuple(sources)})))
    found, _ = delivered(feeds(plan, 2, 2, tail="pad"))
    rows = sorted((source, epoch, row) for source, epoch, row, _ in found)
    assert rows == [
        (source, epoch, row) for source, n in ((0, 300), (1, 120)) for epoch in range(2) for row in range(n)
    ]


def test_a_resumed_mixture_gets_every_sample_once(plan):
    whole, _ = delivered(feeds(plan, 1, 1))
    first, state = delivered(feeds(plan, 3, 24), 2, steps=7)
    assert len(json.dumps(state)) < 1024
    second, state = delivered(feeds(plan, 2, 10, state=state), 3, steps=11)
    rest, _ = delivered(feeds(plan, 4, 4, state=state, tail="pad"))
    assert first + second + rest == whole


def test_weights_change_from_a_sample_on_and_the_state_knows_it(lakes, plan):
    _, state = delivered(feeds(plan, 2, 100), steps=2)
    changed = config(lakes, plan.location, {"web": 7, "code": 3}, {"web": 1, "code": 9})
    newer = write_plan(plan.location, planned(changed))
    assert newer.version == 1
    old, _ = delivered(feeds(plan, 2, 100, state=state), steps=4)
    new, later = delivered(feeds(plan, 2, 100, state=state, version=1), steps=4)
    assert new[:200] == old[:200]
    shares = np.bincount([source for source, *_ in new[200:]]) / 200
    assert shares == pytest.approx([0.1, 0.9], abs=0.03)
    assert later["mix"].endswith("@1")


def test_weights_of_samples_that_are_done_cannot_change(lakes, plan):
    _, state = delivered(feeds(plan, 1, 100), steps=5)
    write_plan(plan.location, planned(config(lakes, plan.location, {"web": 7, "code": 3}, {"web": 1, "code": 9})))
    with pytest.raises(FeedMisuseError, match="let new weights begin at sample 500 or later"):
        feeds(plan, 1, 100, state=state, version=1)


def test_rows_that_do_not_fulfil_the_conditions_stay_out(lakes, tmp_path):
    where = "n_tokens >= 12 and position < 200"
    plan = write_plan(str(tmp_path / "p"), planned(config(lakes, tmp_path / "p", {"web": 1}, where=where)))
    found, _ = delivered(feeds(plan, 1, 1))
    numbers = [int(np.frombuffer(ids, "<u2")[0]) - 2 for _, epoch, _, ids in found if epoch == 0]
    tokens = [(np.frombuffer(ids, "<u2") != CAUSAL.pad_id).sum() for *_, ids in found]
    assert min(tokens) >= 12
    assert len(numbers) == len(set(numbers)) == plan.rows[0]["rows"]
    assert max(numbers) < 200


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("tokens >= 12", "has no column tokens in its files; they have .*n_tokens"),
        ("n_tokens", "'n_tokens' is no condition"),
        ("n_tokens > many", "many is no number"),
        ("n_tokens > 'many'", "cannot be compared"),
        ("n_tokens > 99999999999999999999", "cannot be compared"),
        ("n_tokens > 99", "no row fulfils n_tokens > 99"),
        ("run_id in 'a'", "write the values in parentheses"),
    ],
)
def test_a_wrong_condition_is_named(lakes, tmp_path, where, said):
    with pytest.raises(FeedMisuseError, match=said):
        planned(config(lakes, tmp_path / "p", {"web": 1}, where=where))


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("position < 200 AND position >= 150", 50),
        ("position IN (1, 2,3)", 3),
        ("position < 1.5e2", 150),
        ("run_id in ('a,b', 'run')", 300),
        ("""run_id != 'this and that' and run_id != "it's" and position < 9""", 9),
    ],
)
def test_conditions_are_split_outside_of_quotes_in_any_case(lakes, tmp_path, where, rows):
    found = planned(config(lakes, tmp_path / "p", {"web": 1}, where=where))
    assert found.to_pylist()[0]["rows"] == rows


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
def test_a_weight_that_is_no_share_is_refused(lakes, tmp_path, weight):
    with pytest.raises(ValidationError, match=r"weights\.web"):
        config(lakes, tmp_path / "p", {"web": weight})


def test_a_plan_of_two_commands_at_once_has_the_sources_of_one(lakes, plan, monkeypatch):
    other = planned(config(lakes, plan.location, {"web": 1}))
    seen = iter([MissingPathError("the other command has not committed yet")])

    def read_too_early(location, version=None):
        for error in seen:
            raise error
        return read_plan(location, version)

    monkeypatch.setattr("training.feed.mixture_plan.read_plan", read_too_early)
    with pytest.raises(FeedError, match="run it again"):
        write_plan(plan.location, other)
    assert read_plan(plan.location).rows == plan.rows


def test_a_plan_that_cannot_be_written_says_where(lakes, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FeedError, match="cannot be written"):
        write_plan(str(tmp_path / "file"), planned(config(lakes, tmp_path / "file", {"web": 1})))


def test_a_lake_for_a_source_that_the_plan_lacks_is_named(lakes, plan):
    with pytest.raises(FeedMisuseError, match="no source 'wbe'; it has web, code"):
        open_mixture(plan.location, batch_size=8, lakes={"wbe": str(lakes / "web")})


@pytest.mark.parametrize("mix", ["x", "x@y", "x@-1"])
def test_a_state_that_names_no_plan_is_refused(plan, mix):
    state = open_mixture(plan.location, batch_size=8).state() | {"mix": mix}
    with pytest.raises(FeedMisuseError, match="names no version of a plan"):
        open_mixture(plan.location, batch_size=8, state=state)


def test_sources_of_another_tokenizer_are_refused_by_name(lakes, tmp_path):
    from dataclasses import replace

    append(tmp_path / "code", packed_rows(20), described=replace(CAUSAL, tokenizer="cafe"))
    (tmp_path / "web").symlink_to(lakes / "web")
    with pytest.raises(
        FeedMisuseError, match="source code: its rows do not fit those of web: tokenizer cafe, not feedbeef"
    ):
        planned(config(tmp_path, tmp_path / "p", {"web": 1, "code": 1}))


def test_a_plan_is_a_delta_table_that_grows_by_a_version_only_when_it_changes(lakes, plan):
    same = write_plan(plan.location, planned(config(lakes, plan.location, {"web": 7, "code": 3})))
    assert same.version == 0
    assert DeltaTable(plan.location).version() == 0
    assert read_plan(plan.location, 0).identity == plan.identity


def test_a_state_of_a_table_does_not_open_a_mixture_nor_the_reverse(lakes, plan):
    _, of_mixture = delivered(feeds(plan, 1, 10), steps=1)
    alone = open_feed(str(lakes / "web"), "causal", batch_size=10, shuffle=SHUFFLE)
    with pytest.raises(FeedMisuseError, match="open it with open_feed"):
        feeds(plan, 1, 10, state=alone.state())
    with pytest.raises(FeedMisuseError, match="open it with open_mixture"):
        open_feed(str(lakes / "web"), "causal", batch_size=10, shuffle=SHUFFLE, state=of_mixture)


def test_the_command_plans_and_says_what_comes_of_it(lakes, tmp_path, capsys):
    file = tmp_path / "mixture.yaml"
    file.write_text(
        f"plan: plan\nsources:\n  - {{name: web, lake: {lakes}/web, epochs: 3}}\n"
        f"  - {{name: code, lake: {lakes}/code, epochs: null}}\n"
        "phases:\n  - weights: {web: 7, code: 3}\n"
    )
    assert main(["mix", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["version"] == 0
    assert said["sources"][0]["epochs"] == pytest.approx(3, abs=0.01)
    assert main(["mix", str(file), "--dry-run", "--set", "window=10"]) == 0
    assert "nothing committed" in capsys.readouterr().out
    assert read_plan(str(tmp_path / "plan")).version == 0


def test_the_command_says_that_a_phase_is_never_reached(lakes, tmp_path, capsys):
    file = tmp_path / "mixture.yaml"
    file.write_text(
        f"plan: plan\nsources:\n  - {{name: web, lake: {lakes}/web}}\n"
        "phases:\n  - weights: {web: 1}\n  - {from_sample: 2000, weights: {web: 1}}\n"
    )
    assert main(["mix", str(file), "--dry-run"]) == 0
    assert "no sample is of the phase that begins at 2,000" in capsys.readouterr().out
    assert main(["mix", str(file), "--dry-run", "--set", "phases.1.from_sample=200"]) == 0
    assert "no sample is" not in capsys.readouterr().out


def test_an_unknown_source_in_a_phase_is_named_with_its_file(lakes, tmp_path, capsys):
    file = tmp_path / "mixture.yaml"
    file.write_text(f"plan: plan\nsources:\n  - {{name: web, lake: {lakes}/web}}\nphases:\n  - weights: {{wbe: 7}}\n")
    assert main(["mix", str(file)]) == 2
    assert "there is no source 'wbe'; there are web" in capsys.readouterr().err

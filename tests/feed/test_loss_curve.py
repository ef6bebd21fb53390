"""The same losses, to the bit, from any number of ranks and workers, stopped or not: real processes, joined by
gloo."""

import json
from dataclasses import replace

import pytest
from sequence_tables import CAUSAL, append, packed_rows

from training.feed.errors import FeedError, FeedMisuseError
from training.feed_check.curve import first_difference, losses_of, svg_chart, text_chart
from training.feed_check.loss_curve import train
from training.feed_check.trainer import in_ranks

STEPS = 6


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    described = replace(CAUSAL, length=32)
    append(root, packed_rows(40, described=described), described=described, files=2)
    return str(root)


def trained(lake, out, ranks=1, workers=0, steps=STEPS, every=STEPS, vocabulary=1 << 16):
    """The losses of a training; one that is there already goes on."""
    out.mkdir(exist_ok=True)
    given = {
        "lake": lake, "name": "causal", "out": out, "vocabulary": vocabulary, "steps": steps, "global_batch": 6,
        "ranks": ranks, "workers": workers, "every": every,
    }  # fmt: skip
    in_ranks(train, ranks, out, given)
    return losses_of(out)


@pytest.fixture(scope="module")
def one_rank(lake, tmp_path_factory):
    return trained(lake, tmp_path_factory.mktemp("out") / "one")


def test_losses_fall(one_rank):
    assert one_rank[-1] < one_rank[0] - 0.05


@pytest.mark.slow
def test_two_ranks_give_the_losses_of_one(lake, one_rank, tmp_path):
    assert trained(lake, tmp_path / "two", ranks=2) == one_rank


@pytest.mark.slow
def test_a_training_resumed_on_other_ranks_and_workers_gives_the_losses_of_one_that_was_not_stopped(
    lake, one_rank, tmp_path
):
    out = tmp_path / "stopped"
    trained(lake, out, steps=3, every=2)  # its checkpoint is of step 2: what was done after it is done again
    assert trained(lake, out, ranks=3, workers=1) == one_rank


def test_another_seed_of_the_order_would_be_noticed(lake, one_rank, tmp_path):
    out = tmp_path / "more"
    other = tmp_path / "lake"
    described = replace(CAUSAL, length=32)
    append(other, packed_rows(40, described=described, seed=1), described=described, files=2)
    assert first_difference(trained(str(other), out, steps=2), one_rank) == 1


def test_ids_beyond_the_vocabulary_are_named(lake, tmp_path):
    with pytest.raises(FeedMisuseError, match=r"id [\d,]+: the model has 100;"):
        trained(lake, tmp_path / "small", vocabulary=100)


def test_a_checkpoint_of_another_size_is_refused(lake, tmp_path):
    out = tmp_path / "stopped"
    trained(lake, out, steps=1, every=1)
    with pytest.raises(FeedMisuseError, match=r"checkpoint\.pt: is of a model of .*65536"):
        trained(lake, out, vocabulary=1 << 17)


def test_the_first_difference_is_of_a_bit_or_of_length():
    assert first_difference([1.0, 2.0], [1.0, 2.0]) is None
    assert first_difference([1.0, 2.0, 3.0], [1.0, 2.0000000000000004, 3.0]) == 2
    assert first_difference([1.0], [1.0, 2.0]) == 2


def test_losses_of_a_step_that_is_missing_are_refused(tmp_path):
    (tmp_path / "losses.jsonl").write_text(json.dumps({"step": 2, "samples": 8, "loss": 1.0}) + "\n")
    with pytest.raises(FeedError, match="every step once"):
        losses_of(tmp_path)


def test_charts_show_the_first_and_the_last_loss():
    losses = [9.0, 8.0, 7.5, 7.25]
    assert "9.00" in text_chart(losses)
    assert "step 4" in text_chart(losses)
    drawn = svg_chart([("whole", losses), ("killed <here>", losses)])
    assert drawn.count("<polyline") == 2
    assert "killed &lt;here&gt;" in drawn

"""Runs in the environment of the readers: a feed in the hands of Hugging Face's datasets and of torchdata.

python open_feeds.py ANSWER FUNCTION [ARGUMENT …]
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from training.feed.examples import examples, features
from training.feed.feed import Feed
from training.feed.opening import open_feed
from training.feed.order import Shuffle
from training.feed.torch_batches import FeedDataset


def feed_of(lake: str) -> Feed:
    """Batches of two rows, one epoch."""
    return open_feed(lake, "causal", batch_size=2, epochs=1, shuffle=Shuffle(4, 4))


def rows_of_datasets(lake: str) -> dict[str, Any]:
    """The rows of a feed, as `datasets` gives them and as the feed does."""
    from datasets import Features, IterableDataset

    given = {"features": Features.from_dict(features(feed_of(lake).format)), "gen_kwargs": {"feed": feed_of(lake)}}
    return {
        "datasets": _plain(IterableDataset.from_generator(examples, **given)),
        "feed": _plain(examples(feed_of(lake))),
    }


def _plain(rows: Iterable[dict[str, Any]]) -> list[dict[str, list[int]]]:
    return [{name: list(map(int, values)) for name, values in row.items()} for row in rows]


def steps_of_torchdata(lake: str, taken: str) -> dict[str, list[int]]:
    """Steps of a StatefulDataLoader with two workers: all; the first ones; and those after its state."""
    from torchdata.stateful_dataloader import StatefulDataLoader

    def loader() -> StatefulDataLoader:
        return StatefulDataLoader(FeedDataset(feed_of(lake)), batch_size=None, num_workers=2)

    left, resumed = loader(), loader()
    batches = iter(left)
    first = [next(batches).step for _ in range(int(taken))]
    resumed.load_state_dict(left.state_dict())
    return {"all": [batch.step for batch in loader()], "first": first, "rest": [batch.step for batch in resumed]}


if __name__ == "__main__":
    answer, function, *given = sys.argv[1:]
    Path(answer).write_text(json.dumps(globals()[function](*given)))

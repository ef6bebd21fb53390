"""The state of a feed: one small dictionary for the whole job, whatever its ranks, workers and batches are."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from training.feed.arguments import whole
from training.feed.errors import FeedMisuseError
from training.feed.order import ORDER

MOST_BYTES = 1024
"""A state is at most as long as JSON."""

_FORMAT = 1


@dataclass(frozen=True)
class State:
    """Where a job is.

    `sources` names the data: for each source the table's name and, for each generation, (first sample, version,
    identity of the version). `mix` is the identity of the mixture's plan, and `order` the version of the order.
    """

    samples: int  # that are done, over all ranks
    seed: int
    shuffle: tuple[int, int] | None
    split: str | None
    sources: tuple[tuple[str, tuple[tuple[int, int, str], ...]], ...]
    mix: str | None = None
    order: int = ORDER
    format: int = _FORMAT

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, strings and numbers.

        Raises:
            FeedMisuseError: it is larger than `MOST_BYTES`.
        """
        found: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        size = len(json.dumps(found, separators=(",", ":")))
        if size > MOST_BYTES:
            raise FeedMisuseError(
                f"the state would have {size:,} bytes, at most {MOST_BYTES:,}: {len(self.sources)} sources have been "
                "continued on newer versions too often; begin anew"
            )
        return found

    @staticmethod
    def of(found: Mapping[str, Any]) -> "State":
        """The reverse of `to_dict`.

        Raises:
            FeedMisuseError: it is no state, or one of another version of this program.
        """
        if not isinstance(found, Mapping):
            raise FeedMisuseError(
                f"this is no state of a feed, but {type(found).__name__}: {str(found)[:200]}; give the dictionary "
                "that state() or state_dict() returned"
            )
        try:
            for name, wanted in (("format", _FORMAT), ("order", ORDER)):
                if found[name] != wanted:
                    raise FeedMisuseError(
                        f"the state has {name} {found[name]}, this version of tokenlake {wanted}: go on with the "
                        "version that wrote it, or begin anew"
                    )
            sources = tuple(
                (str(name), tuple((int(start), int(version), str(identity)) for start, version, identity in each))
                for name, each in found["sources"]
            )
            shuffle = None if found["shuffle"] is None else (int(found["shuffle"][0]), int(found["shuffle"][1]))
            samples, seed = whole("the state: samples", found["samples"], 0), whole("the state: seed", found["seed"])
            state = State(samples, seed, shuffle, found["split"], sources, found["mix"])
            if state.mix is None and not (sources and sources[0][1]):
                raise ValueError("sources names no table")
        except (KeyError, TypeError, ValueError, IndexError) as error:
            if isinstance(error, FeedMisuseError):
                raise
            raise FeedMisuseError(f"this is no state of a feed: {error!r} in {str(found)[:200]}") from error
        return state

    def at(self, samples: int) -> "State":
        """The same data after another number of samples."""
        return replace(self, samples=samples)

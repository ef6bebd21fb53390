"""The rows of a small table in one .npz file, so that a machine that has torch and no Arrow can run the feed.

Order, steps, state, batches and tensors are the feed's own code there; only where rows lie differs. The file also says
what the feed of the table itself gave, so that both can be compared: `python -m training.feed_check.bundle LAKE NAME`.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from training.feed.errors import FeedMisuseError
from training.feed.feed import Feed, ReadRows
from training.feed.memory import spans
from training.feed.order import DEFAULT_SHUFFLE
from training.feed.samples import Generation, Samples, Source
from training.feed.state import State
from training.feed.steps import Steps
from training.feed_check.one_line import errors_in_one_line

DEFAULT_PATH = Path("lakes/gpu-check/rows.npz")
_SEED = 7
_BATCH = 4
_STEPS = 20  # whose batches are compared


@dataclass(frozen=True)
class Format:
    """What a batch must know of the rows; as SequenceFormat, which needs Arrow."""

    length: int
    id_bits: int
    pad_id: int
    has_fixed_width: bool = True


@dataclass(frozen=True)
class Chosen:
    """Some rows, as `training.feed.rows.Rows` has them."""

    all_ids: np.ndarray  # (n, L)
    doc_lengths: np.ndarray  # (P,) int32
    doc_counts: np.ndarray  # (n,)
    doc_ends: np.ndarray  # (n + 1,)
    columns: Mapping[str, np.ndarray]

    def ids(self, start: int, stop: int) -> np.ndarray:
        """(k, L) of rows `start` to `stop`."""
        return self.all_ids[start:stop]

    def documents(self, start: int, stop: int) -> np.ndarray:
        """(p,) tokens of each document of rows `start` to `stop`."""
        return self.doc_lengths[self.doc_ends[start] : self.doc_ends[stop]]


@dataclass(frozen=True)
class Bundle:
    """All N rows of a version of a table, in its order."""

    ids: np.ndarray  # (N, L)
    doc_lengths: np.ndarray  # (P,) int32
    doc_counts: np.ndarray  # (N,)
    format: Format
    state: dict[str, Any]  # of the feed of the table, after `_STEPS` steps
    digest: str  # of these steps
    is_local: bool = True  # what Feed asks of a table

    @property
    def vocabulary(self) -> int:
        """Ids are below."""
        return int(self.ids.max()) + 1

    def rows(self, table: np.ndarray, numbers: np.ndarray) -> Any:
        """(n,) row numbers, in any order -> their rows in that order."""
        counts = self.doc_counts[numbers]
        starts = (np.cumsum(self.doc_counts) - self.doc_counts)[numbers]
        doc_ends = np.concatenate(([0], np.cumsum(counts)))
        return Chosen(self.ids[numbers], self.doc_lengths[spans(starts, counts)], counts, doc_ends, {})


class BundleFeed(Feed):
    """A feed whose rows are those of a bundle."""

    def _reader(self) -> ReadRows:
        bundle: Any = self.tables[0]
        return bundle.rows


def open_bundle_feed(bundle: Bundle, global_batch_size: int, state: Mapping[str, Any] | None = None) -> BundleFeed:
    """The feed of a bundle, without end; as `open_feed` with the table's name and seed."""
    saved = State.of(dict(state or bundle.state))
    begun = saved if state else saved.at(0)
    samples = Samples((Source("", (Generation(0, 0, 0, len(bundle.ids)),)),), begun.seed, DEFAULT_SHUFFLE)
    tables: Any = [bundle]
    return BundleFeed(tables, samples, Steps(begun.samples, None, global_batch_size), begun)


def digest_of(feed: Feed) -> str:
    """32 hex digits of BLAKE2b over the ids, documents and row numbers of the next `_STEPS` batches of a feed."""
    found = blake2b(digest_size=16)
    for batch in islice(feed, _STEPS):
        for values in (batch.ids, batch.doc_lengths, batch.doc_counts, batch.row):
            found.update(np.ascontiguousarray(values).tobytes())
    return found.hexdigest()


def is_as_the_table_gave(bundle: Bundle) -> bool:
    """Whether the batches and the state of this feed are those of the table's, byte by byte."""
    feed = open_bundle_feed(bundle, _BATCH)
    return digest_of(feed) == bundle.digest and feed.state() == bundle.state


def write_bundle(lake: str, name: str, path: Path) -> None:
    """Copies the rows of the newest version of `sequences_<name>`; needs all of tokenlake.

    Raises:
        FeedMisuseError: its rows are not of fixed width.
    """
    from training.feed.opening import open_feed
    from training.feed.row_reader import RowReader, read_rows

    feed = open_feed(lake, name, global_batch_size=_BATCH, seed=_SEED)
    if feed.format.objective != "causal":
        raise FeedMisuseError(
            f"{feed.tables[0]}: has rows for the objective {feed.format.objective}; name a causal one"
        )
    numbers = np.arange(feed.tables[0].rows)
    rows = read_rows([RowReader(feed.tables[0])], np.zeros_like(numbers), numbers)
    described = Format(feed.format.length, feed.format.id_bits, feed.format.pad_id)
    digest = digest_of(feed)
    about = {"format": asdict(described), "state": feed.state(), "digest": digest}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path, ids=rows.ids(), doc_lengths=rows.doc_lengths, doc_counts=rows.doc_counts, about=json.dumps(about)
    )


def read_bundle(path: Path) -> Bundle:
    """The bundle in a file.

    Raises:
        FeedMisuseError: there is none.
    """
    if not path.exists():
        raise FeedMisuseError(
            f"{path}: not there. On a machine with tokenlake: make quickstart, then python -m "
            f"training.feed_check.bundle lakes/quickstart causal; then copy the file beside this program"
        )
    with np.load(path, allow_pickle=False) as held:
        about = json.loads(str(held["about"]))
        return Bundle(
            held["ids"], held["doc_lengths"], held["doc_counts"], Format(**about["format"]), about["state"],
            about["digest"],
        )  # fmt: skip


def main() -> None:
    """Reads the command line and writes a bundle."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m training.feed_check.bundle")
    parser.add_argument("lake")
    parser.add_argument("name", help="of the packing")
    parser.add_argument("--out", type=Path, default=DEFAULT_PATH)
    given = parser.parse_args()
    write_bundle(given.lake, given.name, given.out)
    print(f"{given.out}: {given.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    with errors_in_one_line():
        main()

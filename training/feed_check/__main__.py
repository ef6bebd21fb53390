"""Trains the small GPT on a table of sequences and writes its losses: `python -m training.feed_check LAKE NAME`.

It saves a checkpoint now and then, and goes on from it when it is started again, on any number of ranks and workers.
Each line of the file of losses is JSON; all numbers are written so that they read back to the bit.
"""

import argparse
from pathlib import Path

from training.feed_check.loss_curve import train
from training.feed_check.one_line import errors_in_one_line
from training.feed_check.trainer import in_ranks


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m training.feed_check")
    parser.add_argument("lake")
    parser.add_argument("name", help="of the packing")
    parser.add_argument("--out", required=True, type=Path, help="folder of losses.jsonl and checkpoint.pt")
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--steps", type=int, default=60, help="of the whole training")
    parser.add_argument("--global-batch", type=int, default=4, help="rows of a step, over all ranks")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0, help="processes of each rank that read")
    parser.add_argument("--every", type=int, default=10, help="steps between checkpoints")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    in_ranks(train, given.ranks, given.out, vars(given))


if __name__ == "__main__":
    with errors_in_one_line():
        main()

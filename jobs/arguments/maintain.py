"""Arguments of `tokenlake maintain`, `pin` and `unpin`."""

import argparse
from datetime import UTC, date, datetime

from jobs.arguments.numbers import not_negative, whole
from jobs.arguments.shared import add_command, add_lake, add_wait

KEEP_DAYS = 7.0
"""How long versions stay readable where no number of days is given."""


def add_maintain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `maintain`."""
    added = add_command(
        commands,
        "maintain",
        "put small files together, shorten logs, delete files that no version to be kept needs; safe beside a run",
        "  tokenlake maintain lakes/mine --dry-run\n"
        "  tokenlake maintain s3://bucket/lake --keep-days 30 --keep-log-days 90\n"
        "  tokenlake maintain lakes/mine --erase --dry-run\n",
    )
    add_lake(added)
    added.add_argument("--dry-run", action="store_true", help="only say what would be done")
    added.add_argument(
        "--compact",
        action=argparse.BooleanOptionalAction,
        help="put small data files together (default: yes)",
    )
    added.add_argument(
        "--keep-days",
        metavar="DAYS",
        type=not_negative,
        help="versions of the last days stay readable, besides those that are pinned or that other tables were made "
        f"from (default: {KEEP_DAYS:.0f}). Less than 1 waits for no reader, and needs a lake at which no run is at "
        "work",
    )
    added.add_argument(
        "--keep-log-days",
        metavar="DAYS",
        type=not_negative,
        help="delete entries of logs that are older and that no version to be kept needs (default: keep all)",
    )
    added.add_argument(
        "--erase",
        action="store_true",
        help="instead: delete every file that only earlier versions need, so that nothing holds what `tokenlake "
        "retract` took out; needs a lake at which no run is at work",
    )
    added.add_argument(
        "--drop-pins",
        action="store_true",
        help="with --erase: take away the pins of versions that hold retracted documents",
    )
    add_wait(added)
    added.add_argument("--json", action="store_true", help="print one JSON document")
    added.set_defaults(command="maintain:maintain")


def add_pin(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands `pin` and `unpin`."""
    added = add_command(
        commands,
        "pin",
        "keep a version of a table readable, whatever `maintain` deletes",
        "  tokenlake pin lakes/mine sequences_causal 12 --for model-a\n"
        "  tokenlake pin lakes/mine sequences_causal 12 --for audit --until 2030-12-31\n"
        "  tokenlake pin lakes/mine --list\n",
    )
    add_lake(added)
    added.add_argument("table", metavar="TABLE", nargs="?", help="name of a table")
    added.add_argument("version", metavar="VERSION", nargs="?", type=whole, help="version of the table")
    added.add_argument("--for", metavar="NAME", dest="name", help="what the version is kept for, such as a model")
    added.add_argument("--until", metavar="DATE", type=_day, help="last day of the pin, as YYYY-MM-DD")
    added.add_argument("--list", action="store_true", help="list all pins")
    added.add_argument("--json", action="store_true", help="print one JSON document")
    added.set_defaults(command="pin:pin")
    removed = add_command(
        commands,
        "unpin",
        "take pins away; the next `maintain` may delete what only they kept",
        "  tokenlake unpin lakes/mine --for model-a\n  tokenlake unpin lakes/mine sequences_causal 12 --for model-a\n",
    )
    add_lake(removed)
    removed.add_argument("table", metavar="TABLE", nargs="?", help="only pins of this table")
    removed.add_argument("version", metavar="VERSION", nargs="?", type=whole, help="only the pin of this version")
    removed.add_argument("--for", metavar="NAME", dest="name", required=True, help="what the version was kept for")
    removed.set_defaults(command="pin:unpin")


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write YYYY-MM-DD") from None
    if day < datetime.now(UTC).date():
        raise argparse.ArgumentTypeError(f"{text} has passed")
    return day.isoformat()

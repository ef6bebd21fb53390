"""`tokenlake maintain`: upkeep of a lake, for instance once a night."""

import argparse
import json

from jobs.arguments.maintain import KEEP_DAYS
from jobs.cli import UsageError
from jobs.commands.lake_session import existing
from jobs.maintenance.upkeep import Settings
from jobs.maintenance.upkeep import maintain as maintained
from jobs.metrics.recorded import UPKEEP, record
from jobs.progress import Reporter
from jobs.turn import await_turn
from lake import contract
from lake.lake import Lake


def maintain(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints what was done to each table; exit status 1 when one had to be left as it is.

    Raises:
        ContractError: the lake follows another contract.
        LakeBusyError: a run is at work, and less than a day of versions is to be kept.
        MissingPathError: there is no lake.
    """
    await_turn(arguments.lake, arguments.wait, reporter)
    lake = existing(arguments.lake)
    contract.require(lake)
    if arguments.erase:
        _refuse_upkeep(arguments)
        return _erase(arguments, lake)
    if arguments.drop_pins:
        raise UsageError("--drop-pins belongs to --erase")
    settings = Settings(
        compact=arguments.compact is not False,
        keep_days=KEEP_DAYS if arguments.keep_days is None else arguments.keep_days,
        keep_log_days=arguments.keep_log_days,
        dry_run=arguments.dry_run,
    )
    outcome = maintained(lake, settings, reporter)
    if not arguments.dry_run:
        refused = sum(bool(each.refused) for each in outcome.tables)
        record(lake, UPKEEP, reporter, refused=refused, seconds=round(outcome.seconds, 3))
    print(json.dumps(outcome.as_json(), indent=2) if arguments.json else "\n".join(outcome.lines()))
    return 0 if outcome.is_whole else 1


def _refuse_upkeep(arguments: argparse.Namespace) -> None:
    """An erasure keeps no earlier version: whoever names days to keep did not mean it."""
    given = {
        "--keep-days": arguments.keep_days,
        "--keep-log-days": arguments.keep_log_days,
        "--compact or --no-compact": arguments.compact,
    }
    for option, value in given.items():
        if value is not None:
            raise UsageError(f"--erase deletes all earlier versions, so it takes no {option}; leave one of them out")


def _erase(arguments: argparse.Namespace, lake: Lake) -> int:
    from jobs.retraction.erasing import as_json, erased, lines

    found = erased(lake, arguments.drop_pins, arguments.dry_run)
    if arguments.json:
        print(json.dumps(as_json(lake, found, arguments.dry_run), indent=2))
    else:
        print("\n".join(lines(found, arguments.dry_run)))
    return 0

"""`tokenlake maintain`: upkeep of a lake, for instance once a night."""

import argparse
import json

from jobs.cli import UsageError
from jobs.commands.lake_session import existing
from jobs.maintenance.upkeep import Settings
from jobs.maintenance.upkeep import maintain as maintained
from jobs.progress import Reporter
from lake import contract
from lake.lake import Lake


def maintain(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints what was done to each table; exit status 1 when one had to be left as it is.

    Raises:
        ContractError: the lake follows another contract.
        LakeBusyError: a run is at work, and less than a day of versions is to be kept.
        MissingPathError: there is no lake.
    """
    lake = existing(arguments.lake)
    contract.require(lake)
    if arguments.erase:
        return _erase(arguments, lake)
    if arguments.drop_pins:
        raise UsageError("--drop-pins belongs to --erase")
    settings = Settings(
        compact=arguments.compact,
        keep_days=arguments.keep_days,
        keep_log_days=arguments.keep_log_days,
        dry_run=arguments.dry_run,
    )
    outcome = maintained(lake, settings, reporter)
    print(json.dumps(outcome.as_json(), indent=2) if arguments.json else "\n".join(outcome.lines()))
    return 0 if outcome.is_whole else 1


def _erase(arguments: argparse.Namespace, lake: Lake) -> int:
    from jobs.retraction.erasing import as_json, erased, lines

    found = erased(lake, arguments.drop_pins, arguments.dry_run)
    if arguments.json:
        print(json.dumps(as_json(lake, found, arguments.dry_run), indent=2))
    else:
        print("\n".join(lines(found, arguments.dry_run)))
    return 0

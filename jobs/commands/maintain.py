"""`tokenlake maintain`: upkeep of a lake, for instance once a night."""

import argparse
import json

from jobs.commands.lake_session import existing
from jobs.maintenance.upkeep import Settings
from jobs.maintenance.upkeep import maintain as maintained
from jobs.progress import Reporter
from lake import contract


def maintain(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints what was done to each table; exit status 1 when one had to be left as it is.

    Raises:
        ContractError: the lake follows another contract.
        LakeBusyError: a run is at work, and less than a day of versions is to be kept.
        MissingPathError: there is no lake.
    """
    lake = existing(arguments.lake)
    contract.require(lake)
    settings = Settings(
        compact=arguments.compact,
        keep_days=arguments.keep_days,
        keep_log_days=arguments.keep_log_days,
        dry_run=arguments.dry_run,
    )
    outcome = maintained(lake, settings, reporter)
    print(json.dumps(outcome.as_json(), indent=2) if arguments.json else "\n".join(outcome.lines()))
    return 0 if outcome.is_whole else 1

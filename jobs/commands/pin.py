"""`tokenlake pin` and `tokenlake unpin`."""

import argparse
import json
from dataclasses import asdict

from jobs.cli import UsageError
from jobs.commands.lake_session import existing
from jobs.progress import Reporter
from lake.maintenance.pins import Pin, in_force, pins
from lake.maintenance.pins import pin as pinned
from lake.maintenance.pins import unpin as unpinned


def pin(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Pins a version, or lists all pins.

    Raises:
        MissingPathError: there is no lake.
        PinError: the version cannot be pinned.
        UsageError: something is missing on the command line.
    """
    lake = existing(arguments.lake)
    if arguments.list:
        if arguments.table is not None or arguments.name is not None:
            raise UsageError("--list lists all pins; leave out TABLE, VERSION and --for")
        current = in_force(lake)
        found = [(each, each in current) for each in pins(lake)]
        if arguments.json:
            print(json.dumps([{**asdict(each), "in_force": holds} for each, holds in found], indent=2))
        elif not found:
            print(f"{arguments.lake} has no pins")
        for each, holds in found if not arguments.json else ():
            print(_line(each) + ("" if holds else " (no longer in force)"))
        return 0
    if arguments.table is None or arguments.version is None or not arguments.name:
        raise UsageError("name TABLE, VERSION and --for NAME, or --list")
    made = pinned(lake, arguments.table, arguments.version, arguments.name, arguments.until or "")
    print(json.dumps(asdict(made), indent=2) if arguments.json else _line(made))
    return 0


def unpin(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Takes pins away.

    Raises:
        MissingPathError: there is no lake.
        PinError: there is no such pin.
    """
    lake = existing(arguments.lake)
    for each in unpinned(lake, arguments.name, arguments.table, arguments.version):
        print(f"{each.table} version {each.version} is no longer pinned for {each.name}")
    return 0


def _line(pin: Pin) -> str:
    until = f" until {pin.until}" if pin.until else ""
    return f"{pin.table} version {pin.version} is pinned for {pin.name}{until} (by {pin.by}, {pin.at})"

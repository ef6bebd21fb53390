"""`tokenlake features keys add|list|revoke`."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from features.server.keys import ApiKey, KeyFileError, alone, make_key, read_keys, write_keys
from jobs.commands.features.key_file import key_file
from jobs.progress import Reporter
from pipelines.errors import MissingPathError


def add(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Makes a key and prints it on standard output, alone, so that a script can take it."""
    file = key_file(arguments)
    if not arguments.keys and not Path(arguments.lake).is_dir():
        raise MissingPathError(f"{arguments.lake}: no such folder; --keys FILE names a file elsewhere")
    created = datetime.now(UTC).isoformat(timespec="seconds")
    entry, key = make_key(arguments.name, arguments.scope, arguments.rate, arguments.burst, created)
    with alone(file):
        write_keys(file, [*_existing(file).values(), entry])
    reporter.event(
        "key_added",
        f"key {entry.id} of {entry.name}, for {', '.join(entry.scopes)}, in {file}; it is shown only now:",
        id=entry.id,
        name=entry.name,
        scopes=entry.scopes,
    )
    print(key)
    return 0


def show(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints a line for each key."""
    for key in read_keys(key_file(arguments)).values():
        limit = "no limit" if key.rate is None else f"{key.rate:g}/s, {key.burst:g} at once"
        print(f"{key.id}  {key.name}  {', '.join(key.scopes)}  {limit}  since {key.created}")
    return 0


def revoke(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Removes the keys of a name, or the key with an id."""
    file = key_file(arguments)
    read_keys(file)  # there must be one
    with alone(file):
        keys = read_keys(file)
        gone = [key for key in keys.values() if arguments.name in (key.name, key.id)]
        if not gone:
            names = ", ".join(sorted({key.name for key in keys.values()})) or "none"
            raise KeyFileError(f"{file}: no key {arguments.name!r}; there are {names}")
        write_keys(file, [key for key in keys.values() if key not in gone])
    for key in gone:
        print(f"revoked {key.id} of {key.name}")
    return 0


def _existing(file: str) -> dict[str, ApiKey]:
    return read_keys(file) if Path(file).exists() else {}

"""`tokenlake retract`: takes documents out of a lake, and out of all that was made from them."""

import argparse
import json
from pathlib import Path

from features.store.address import Address
from jobs.cli import UsageError
from jobs.commands.features.online_store import NoStoreError, online_store
from jobs.commands.lake_session import opened
from jobs.config import RunConfig
from jobs.progress import Reporter
from jobs.retraction.outcome import Outcome
from jobs.retraction.request import Note, now
from jobs.retraction.retraction import preview
from jobs.retraction.retraction import retract as retracted
from jobs.retraction.selection import Asked
from jobs.retraction.undo import undo
from jobs.yaml_config import load
from lake.lock import exclusive


def retract(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Retracts, shows what would be retracted, or takes retractions back; exit status 1 if something is left to do."""
    asked = _asked(arguments)
    given = load(arguments.config, RunConfig, [f"lake={json.dumps(arguments.lake)}"]) if arguments.config else None
    with opened(arguments.lake, arguments.engine, reporter) as (lake, engine):
        if arguments.undo:
            with exclusive(lake.root):
                _print_undone(arguments, undo(lake, asked.doc_ids, asked.uris))
            return 0
        if arguments.dry_run:
            outcome = preview(lake, asked)
        else:
            with exclusive(lake.root):
                note = Note(arguments.reason, now())
                outcome = retracted(lake, engine, reporter, asked, note, given, _online(arguments))
    _print(arguments, outcome)
    return 1 if outcome.unfinished else 0


def _asked(arguments: argparse.Namespace) -> Asked:
    ids = [*arguments.doc_id]
    for file in arguments.doc_ids_from:
        try:
            ids += Path(file).read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--doc-ids-from {file}: {error}") from error
    if not (ids or arguments.uri or arguments.where):
        raise UsageError("nothing to retract: name documents with --doc-id, --doc-ids-from, --uri or --where")
    if arguments.undo and (arguments.where or arguments.with_duplicates):
        raise UsageError("--undo takes back what --doc-id, --doc-ids-from or --uri name")
    return Asked(tuple(dict.fromkeys(ids)), tuple(arguments.uri), tuple(arguments.where), arguments.with_duplicates)


def _online(arguments: argparse.Namespace) -> Address | None:
    try:
        return online_store(arguments)
    except NoStoreError:
        return None


def _print(arguments: argparse.Namespace, outcome: Outcome) -> None:
    print(json.dumps(outcome.as_json(), indent=2) if arguments.json else "\n".join(outcome.lines()))


def _print_undone(arguments: argparse.Namespace, ids: list[str]) -> None:
    if arguments.json:
        print(json.dumps({"lake": arguments.lake, "no_longer_retracted": ids}, indent=2))
        return
    print(f"{len(ids):,} documents are no longer retracted. The next run that names their sources reads them again.")

"""What commands record in a lake for its metrics, beside its tables: one small JSON file a command or stage.

These are results that no table holds: a run that found nothing new commits nothing, a check only reads.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from jobs.progress import Reporter
from lake.reading import LakeReader
from pipelines.errors import TokenlakeError

FOLDER = "_metrics"

CHECK = "check"
UPKEEP = "maintain"
_STAGE = "stage"


def stage_file(stage: str, status: str) -> str:
    """The name under which the last run of a stage that ended `done`, or `failed`, is recorded."""
    return f"{_STAGE}-{status}-{stage}"


def stages_recorded(found: Mapping[str, Mapping[str, Any]], status: str) -> dict[str, Mapping[str, Any]]:
    """stage -> what was recorded of its last run that ended so."""
    prefix = stage_file("", status)
    return {name.removeprefix(prefix): each for name, each in found.items() if name.startswith(prefix)}


def record(lake: LakeReader, name: str, reporter: Reporter, **fields: object) -> None:
    """Stores the result of a command that has just ended, in place of the one before.

    A lake that may not be written to is no reason for a command to fail that has done its work.
    """
    text = json.dumps({"at": round(time.time(), 3), **fields})
    try:
        lake.storage.write_text(f"{FOLDER}/{name}.json", text)
    except (OSError, TokenlakeError) as error:
        reporter.event(
            "not_recorded", f"note: {lake.path(FOLDER)} could not be written ({error})", name=name, error=str(error)
        )


def recorded(lake: LakeReader) -> dict[str, Mapping[str, Any]]:
    """name -> what was recorded; each has `at`, seconds since the epoch. A damaged file is left out."""
    found: dict[str, Mapping[str, Any]] = {}
    for entry in lake.storage.entries(FOLDER):
        if entry.is_folder or not entry.name.endswith(".json"):
            continue
        try:
            stored = json.loads(lake.storage.read_text(f"{FOLDER}/{entry.name}") or "")
            found[entry.name.removesuffix(".json")] = {**stored, "at": float(stored["at"])}
        except (ValueError, KeyError, TypeError):
            continue
    return found

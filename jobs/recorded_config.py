"""The configuration that each stage of a lake last ran with, kept in the lake: `tokenlake retract` runs stages again.

`LAKE/_config/<fingerprint>.json` is a configuration, `LAKE/_config/stages.json` says which one is that of each stage.
What could hold a secret is left out: settings of Spark, and what follows the `?` of an address. Passwords in addresses
are refused before (`pipelines.storage.uri`).
"""

import json
import os
import re
from typing import Any

from pydantic import ValidationError

from jobs.config import RunConfig
from jobs.config_paths import anchored
from lake.lake import Lake
from lake.ledger import fingerprint
from pipelines.errors import MisuseError
from pipelines.storage.uri import is_uri

FOLDER = "_config"
_OF_STAGES = f"{FOLDER}/stages.json"
_LEFT_OUT = {"lake", "engine", "profile", "spark"}
_QUERY = re.compile(r"(?<=[^?])\?.*")


class NoRecordedConfigError(MisuseError, LookupError):
    """Nothing in the lake tells how a stage was configured."""


def record(lake: Lake, stage: str, config: RunConfig) -> None:
    """Notes what a stage has run with; writes nothing if that is what it ran with before."""
    said = config.model_dump(mode="json", exclude=_LEFT_OUT, exclude_unset=True)
    given = {name: value for name, value in anchored(said, RunConfig, os.getcwd()).items() if name not in _LEFT_OUT}
    given["sources"] = [
        {name: _without_secrets(value) if name in ("path", "root") else value for name, value in source.items()}
        for source in given.get("sources", ())
    ]
    name = fingerprint(given)
    stages = _stages(lake)
    if stages.get(stage) == name:
        return
    file = f"{FOLDER}/{name}.json"
    if not lake.storage.exists(file):
        lake.storage.write_text(file, json.dumps(given, indent=1))
    lake.storage.write_text(_OF_STAGES, json.dumps({**stages, stage: name}, indent=1, sort_keys=True))


def recorded(lake: Lake, stage: str) -> RunConfig:
    """What a stage last ran with, for this lake.

    Raises:
        NoRecordedConfigError: an earlier version of tokenlake ran it, or another version wrote what is recorded.
    """
    name = _stages(lake).get(stage)
    text = lake.storage.read_text(f"{FOLDER}/{name}.json") if name else None
    if text is None:
        raise NoRecordedConfigError(
            f"{lake.root}: nothing tells how the stage {stage} was configured, because an earlier tokenlake ran it; "
            "name the configuration: --config CONFIG"
        )
    try:
        return RunConfig.model_validate({**json.loads(text), "lake": lake.root})
    except (ValidationError, ValueError) as error:
        raise NoRecordedConfigError(
            f"{lake.path(FOLDER)}/{name}.json: this version of tokenlake does not understand it; name the "
            "configuration: --config CONFIG"
        ) from error


def _stages(lake: Lake) -> dict[str, str]:
    return dict(json.loads(lake.storage.read_text(_OF_STAGES) or "{}"))


def _without_secrets(path: Any) -> Any:
    if isinstance(path, list):
        return [_without_secrets(each) for each in path]
    return _QUERY.sub("", path) if is_uri(path) else path

"""The stages that a lake has run after ingest: after a retraction they take its documents out of their tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from jobs.arguments import ALL_STAGES
from jobs.config import RunConfig
from jobs.pipeline import run_stage
from jobs.recorded_config import recorded
from jobs.stages.clean import urls_in_force
from jobs.stages.context import StageContext
from jobs.stages.policy_file import policy_in_force
from lake.lake import Lake
from pipelines.errors import MisuseError
from pipelines.policies.files import load
from pipelines.policies.policy import Policy

_TABLE = {
    "clean": "measures",
    "dedup": "signatures",
    "tokenize": "tokens",
    "pack": "sequences_",
    "features": "features_",
}
"""Stage -> a table of it; a name that ends in `_` is how names begin."""


def later_stages(lake: Lake) -> list[str]:
    """The stages whose tables the lake has, in their order."""
    tables = lake.tables()
    return [
        stage
        for stage in ALL_STAGES
        if (table := _TABLE.get(stage))
        and any(name.startswith(table) if table.endswith("_") else name == table for name in tables)
    ]


def configurations(lake: Lake, given: RunConfig | None) -> dict[str, RunConfig]:
    """Stage -> the configuration to run it with: the one given, else the one it last ran with.

    Raises:
        NoRecordedConfigError: none is given, and none is recorded.
    """
    return {stage: given or recorded(lake, stage) for stage in later_stages(lake)}


def run_later_stages(run: StageContext, configs: Mapping[str, RunConfig]) -> None:
    """Runs stages one after the other. Rows that older versions of a step made stay: an erasure makes no text anew.

    Raises:
        Exception: what a stage raised; those before it have committed their tables.
    """
    with _decided_as_now(run.lake) as change:
        for stage, config in configs.items():
            changed = change(config) if stage in ("clean", "dedup") else config
            run_stage(replace(run, config=changed, keep_old=True), stage)


@contextmanager
def _decided_as_now(lake: Lake) -> "Iterator[_Change]":
    """Changes configurations so that documents stay decided as they are, whatever has become of the policy's file."""
    with TemporaryDirectory() as folder:
        yield _Change(lake, Path(folder))


class _Change:
    def __init__(self, lake: Lake, folder: Path) -> None:
        self._lake, self._folder = lake, folder

    def __call__(self, config: RunConfig) -> RunConfig:
        """The configuration with the policy that is in force, and with its URL lists."""
        policy = policy_in_force(self._lake) if self._lake.exists("decisions") else None
        if policy is None:
            return config
        changes: dict[str, object] = {"urls": urls_in_force(self._lake)}
        if _loaded(config.clean.policy) != policy:
            file = self._folder / f"{policy.name}.yaml"
            file.write_text(yaml.safe_dump(policy.model_dump(mode="json")))
            changes["policy"] = str(file)
        return config.model_copy(update={"clean": config.clean.model_copy(update=changes)})


def _loaded(name_or_path: str) -> Policy | None:
    try:
        return load(name_or_path)
    except MisuseError:
        return None

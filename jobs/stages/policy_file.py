"""Stores policies in the lake, so that `explain` and the report can show the thresholds of each decision."""

import json

from lake.lake import Lake
from pipelines.policies.policy import Policy


def keep_policy(lake: Lake, policy: Policy) -> None:
    """Writes `LAKE/policies/<name>@<fingerprint>.json` unless it exists."""
    file = f"policies/{policy.label}.json"
    if lake.storage.read_text(file) is None:
        lake.storage.write_text(file, policy.model_dump_json(indent=2))


def policy_of(lake: Lake, label: str) -> Policy:
    """The stored policy with this label (`decisions.policy`).

    Raises:
        FileNotFoundError: the lake has no policy with this label.
    """
    text = lake.storage.read_text(f"policies/{label}.json")
    if text is None:
        raise FileNotFoundError(f"{lake.root}: there is no policies/{label}.json")
    return Policy.model_validate(json.loads(text))

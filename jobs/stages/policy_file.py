"""The policies a lake was decided with, kept beside its tables so that decisions can be explained later."""

import json

from lake.lake import Lake
from pipelines.policies.policy import Policy


def keep_policy(lake: Lake, policy: Policy) -> None:
    """Writes `LAKE/policies/<name>@<fingerprint>.json` unless it is there."""
    file = f"policies/{policy.label}.json"
    if lake.storage.read_text(file) is None:
        lake.storage.write_text(file, policy.model_dump_json(indent=2))


def policy_of(lake: Lake, label: str) -> Policy:
    """The policy that a decision names.

    Raises:
        FileNotFoundError: the lake does not hold it.
    """
    text = lake.storage.read_text(f"policies/{label}.json")
    if text is None:
        raise FileNotFoundError(f"{lake.root}: policy {label} is not among its policies/")
    return Policy.model_validate(json.loads(text))

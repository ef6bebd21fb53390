"""Stores policies in the lake, so that later stages, `explain` and the report know what made each decision."""

import json

from jobs.config import RunConfig
from lake.lake import Lake
from pipelines.errors import MissingPathError
from pipelines.policies import files
from pipelines.policies.policy import Policy


def configured_policy(config: RunConfig) -> Policy:
    """The policy that a configuration names, as it decides where texts are compared with benchmarks, or not."""
    policy = files.load(config.clean.policy)
    return policy.decontaminating() if config.decontaminate.enabled else policy


def keep_policy(lake: Lake, policy: Policy) -> None:
    """Writes `LAKE/policies/<name>@<fingerprint>.json` unless it exists."""
    file = f"policies/{policy.label}.json"
    if lake.storage.read_text(file) is None:
        lake.storage.write_text(file, policy.model_dump_json(indent=2))


def label_in_force(lake: Lake) -> str | None:
    """`name@fingerprint` of the policy that decided, from the last commit of `decisions`, else from its first row."""
    if not lake.exists("decisions"):
        return None
    commit = lake.last_own_commit("decisions")
    if commit and commit.metadata and "policy" in commit.metadata.detail:
        return commit.metadata.detail["policy"]
    row = lake.read("decisions").select("policy").head()
    return row[0] if row else None


def policy_in_force(lake: Lake) -> Policy | None:
    """The policy that decided; None when nothing is decided, or nobody knows the policy."""
    label = label_in_force(lake)
    try:
        return policy_of(lake, label) if label else None
    except FileNotFoundError:
        return None


def policy_of(lake: Lake, label: str) -> Policy:
    """The policy with this label (`decisions.policy`): stored in the lake, else bundled.

    Raises:
        MissingPathError: neither has a policy with this label.
    """
    text = lake.storage.read_text(f"policies/{label}.json")
    if text is not None:
        return Policy.model_validate(json.loads(text))
    name = label.partition("@")[0]
    bundled = files.load(name) if name in files.names() else None
    if bundled is None or bundled.label != label:
        raise MissingPathError(
            f"{lake.root}: there is no policies/{label}.json, the policy that decided; put it back, or let"
            " `tokenlake stage clean CONFIG` decide by the configured one"
        )
    return bundled

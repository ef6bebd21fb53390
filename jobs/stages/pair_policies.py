"""The policies that decided about sentence pairs, stored in the lake, so that `tokenlake explain` knows them."""

from lake.lake import Lake
from pipelines.bitext.policies.policy import PairPolicy

_FOLDER = "policies/pairs"


def keep_pair_policy(lake: Lake, policy: PairPolicy) -> None:
    """Stores a policy under its label."""
    lake.storage.write_text(_file(policy.label), policy.model_dump_json(indent=1))


def pair_policy_of(lake: Lake, label: str) -> PairPolicy | None:
    """The policy of a decision, by `pair_decisions.policy`; None where the lake has no copy."""
    text = lake.storage.read_text(_file(label))
    return None if text is None else PairPolicy.model_validate_json(text)


def _file(label: str) -> str:
    return f"{_FOLDER}/{label}.json"

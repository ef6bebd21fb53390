"""The last passes on the text of a kept document: repair, then replacement of personal data."""

from collections import Counter
from dataclasses import dataclass
from typing import Self

from pipelines.config import Config, Meaning
from pipelines.pii.spans import KINDS, PLACEHOLDERS, Kind, PiiConfig, find, replace
from pipelines.policies.policy import Pass, Policy
from pipelines.text.repair import RepairConfig, repair


class FinalizeConfig(Config):
    """What the last passes do."""

    repair: Meaning[bool] = True
    pii: Meaning[tuple[Kind, ...]] = KINDS
    placeholders: Meaning[dict[Kind, str]] = PLACEHOLDERS

    @classmethod
    def of(cls, policy: Policy, repair: RepairConfig, pii: PiiConfig) -> Self:
        """What a policy says, where configuration says nothing else."""
        kinds = KINDS if "pii" in policy.rewrite else ()
        return cls(
            repair="repair" in policy.rewrite if repair.enabled is None else repair.enabled,
            pii=kinds if pii.kinds is None else pii.kinds,
            placeholders=pii.placeholders,
        )


@dataclass(frozen=True, slots=True)
class Finalized:
    """A text after the last passes."""

    text: str
    removed: dict[Pass, int]  # pass that changed the text -> code points it removed; negative: added
    pii: dict[str, int]  # kind -> spans replaced


def finalize(text: str, config: FinalizeConfig) -> Finalized:
    """Rewrites a text. A text that is not blank does not become blank.

    Personal data is searched in the repaired text, because mojibake can hide it.
    """
    removed: dict[Pass, int] = {}
    repaired = repair(text) if config.repair else text
    if repaired != text and repaired.strip():  # ftfy can leave nothing of control characters
        removed["repair"] = len(text) - len(repaired)
        text = repaired
    spans = find(text, config.pii) if config.pii else []
    if spans:
        replaced = replace(text, spans, config.placeholders)
        if not replaced.strip():  # nothing but personal data, and placeholders without a character
            replaced = replace(text, spans)
        removed["pii"] = len(text) - len(replaced)
        text = replaced
    return Finalized(text, removed, dict(sorted(Counter(str(span.kind) for span in spans).items())))

"""The last step on the text of a kept document: repair, then replacement of personal data."""

from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from pipelines.config import Config
from pipelines.pii.spans import PiiConfig, find, replace
from pipelines.text.repair import RepairConfig, repair


class FinalizeConfig(Config):
    """How the text of kept documents is finalized."""

    repair: RepairConfig = Field(default=RepairConfig(), description="undoing wrong encodings")
    pii: PiiConfig = Field(default=PiiConfig(), description="replacing personal data")


def finalize(texts: Sequence[str], config: FinalizeConfig) -> tuple[list[str], list[dict[str, int]]]:
    """(texts, spans replaced per kind), both as long as the input.

    Personal data is searched in the repaired text, because mojibake can hide it.
    """
    finalized: list[str] = []
    counts: list[dict[str, int]] = []
    for text in texts:
        repaired = repair(text) if config.repair.enabled else text
        spans = find(repaired, config.pii.kinds)
        finalized.append(replace(repaired, spans, config.pii.placeholders))
        counts.append(dict(sorted(Counter(str(span.kind) for span in spans).items())))
    return finalized, counts

"""The last touches on a text before it goes on: repair, then personal data."""

from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from pipelines.config import Config
from pipelines.text.personal import PersonalConfig, find, replace
from pipelines.text.repair import RepairConfig, repair


class DeliverConfig(Config):
    """What happens to the text of documents that go on."""

    repair: RepairConfig = Field(default=RepairConfig(), description="undoing wrong encodings")
    personal: PersonalConfig = Field(default=PersonalConfig(), description="replacing personal data")


def deliver(texts: Sequence[str], config: DeliverConfig) -> tuple[list[str], list[dict[str, int]]]:
    """(texts, spans replaced per kind), both as long as the input. Personal data comes last, on the repaired text."""
    delivered: list[str] = []
    counts: list[dict[str, int]] = []
    for text in texts:
        repaired = repair(text) if config.repair.enabled else text
        spans = find(repaired, config.personal.kinds)
        delivered.append(replace(repaired, spans, config.personal.placeholders))
        counts.append(dict(sorted(Counter(str(span.kind) for span in spans).items())))
    return delivered, counts

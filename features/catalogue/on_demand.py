"""Features computed when they are asked for, from other features and the request."""

from typing import Any

from features.catalogue.client import CLIENT_PROFILE, CLIENT_USAGE
from features.catalogue.translation import LANGUAGE_PAIR_STATISTICS
from features.definition.value_type import ValueType
from features.definition.view import Columns, Feature, OnDemandView

_DEVIATIONS = 3  # above the mean length ratio, that a target may be


def translation_budget(columns: Columns) -> dict[str, list[Any]]:
    """How long the translation of a source will be, and may be; null where its language pair is unknown."""
    expected: list[Any] = []
    limits: list[Any] = []
    for characters, mean, deviation, per_token in zip(
        columns["source_characters"],
        columns["length_ratio_mean"],
        columns["length_ratio_deviation"],
        columns["target_characters_per_token"],
        strict=True,
    ):
        expected.append(None if characters is None or mean is None else characters * mean)
        if characters is None or mean is None or deviation is None or not per_token:
            limits.append(None)
        else:
            longest = characters * (mean + _DEVIATIONS * deviation)
            limits.append(int(longest / per_token) + 16)  # room for short sources
    return {"expected_target_characters": expected, "target_token_limit": limits}


def client_allowance(columns: Columns) -> dict[str, list[Any]]:
    """What a client may still send today; null where no limit is known. Usage that is not known counts as none."""
    remaining: list[Any] = [
        None if limit is None else max(limit - (used or 0), 0)
        for limit, used in zip(columns["characters_per_day"], columns["characters_24h"], strict=True)
    ]
    return {"remaining_characters": remaining}


TRANSLATION_BUDGET = OnDemandView(
    "translation_budget",
    inputs=(
        (LANGUAGE_PAIR_STATISTICS, "length_ratio_mean"),
        (LANGUAGE_PAIR_STATISTICS, "length_ratio_deviation"),
        (LANGUAGE_PAIR_STATISTICS, "target_characters_per_token"),
    ),
    request=(Feature("source_characters", ValueType.INT64, "length of the source to translate"),),
    features=(
        Feature("expected_target_characters", ValueType.DOUBLE, "likely length of the translation"),
        Feature("target_token_limit", ValueType.INT64, "tokens after which a translation has gone wrong"),
    ),
    compute=translation_budget,
    about="how long a translation will be, and may be",
)

CLIENT_ALLOWANCE = OnDemandView(
    "client_allowance",
    inputs=((CLIENT_PROFILE, "characters_per_day"), (CLIENT_USAGE, "characters_24h")),
    request=(),
    features=(Feature("remaining_characters", ValueType.INT64, "characters that the client may still send today"),),
    compute=client_allowance,
    about="what is left of a client's limit",
)

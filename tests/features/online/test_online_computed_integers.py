"""What a function computes is of its feature's type, or INVALID: integers of Python have no largest one."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from features.definition.value_type import ValueType
from features.freshness import Status
from features.online.on_demand import OnDemand
from features.plan import PlannedOnDemand


def doubled(columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {"twice": [2 * value for value in columns["number"]]}


@pytest.mark.parametrize(("value_type", "bits"), [(ValueType.INT32, 31), (ValueType.INT64, 63)])
def test_a_computed_integer_that_its_type_cannot_hold_is_invalid(value_type: ValueType, bits: int) -> None:
    view = PlannedOnDemand("double", (), {"number": value_type}, {"twice": value_type}, f"{__name__}:doubled")
    half = 1 << bits - 1
    found = OnDemand(view, (), lambda module: True).compute([], {"number": [half, half - 1, -half, -half - 1]}, 4)

    assert found.columns == [[None, 2 * half - 2, -2 * half, None]]
    assert found.statuses == [[Status.INVALID, Status.PRESENT, Status.PRESENT, Status.INVALID]]

"""JSON Merge Patch (RFC 7396): what has to be changed to make one document of another."""

from collections.abc import Mapping
from typing import Any


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The smallest merge patch that makes `new` of `old`; empty when they are equal.

    Lists are replaced whole. A null in `new` cannot be told from an absent key, as the RFC says.
    """
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            below = difference(before, value)
            if below:
                patch[key] = below
        elif before != value:
            patch[key] = value
    return patch

"""The online reader for programs with threads."""

from collections.abc import Mapping, Sequence
from typing import Any

from features.online.vectors import FeatureVectors
from features.plan import Plan
from features.store.address import Address


class OnlineReader:
    """Looks features up in an online store."""

    def __init__(self, address: Address | str, project: str = "tokenlake", plan: Plan | None = None) -> None:
        raise NotImplementedError

    def get(
        self,
        features: str | Sequence[str],
        entities: Mapping[str, Sequence[Any]],
        request: Mapping[str, Sequence[Any]] | None = None,
        *,
        timeout: float = 0.5,
        at_us: int | None = None,
        full_names: bool = False,
    ) -> FeatureVectors:
        """The features of a service, or of a list of `view:feature`, for each row of the entity columns."""
        raise NotImplementedError

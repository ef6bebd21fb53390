"""What a lookup wants from a store, and what it gets: the one interface between lookups and the kinds of store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from features.layout.field import feature_field, timestamp_field


@dataclass(frozen=True, slots=True)
class Part:
    """Features of one view as they lie in Feast's layout: first the event time of the entity's values, then these."""

    view: str
    features: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[bytes, ...]:
        """Their names in the hash of an entity."""
        return (timestamp_field(self.view), *(feature_field(self.view, name) for name in self.features))


class HashShape:
    """What is read of each entity in Feast's layout: some parts, of views that have the same keys."""

    def __init__(self, project: str, parts: tuple[Part, ...]) -> None:
        self.project = project
        self.parts = parts
        self.fields = tuple(field for part in parts for field in part.fields)


@dataclass(slots=True)
class Hashes:
    """Entities in Feast's layout, all of one shape, by their keys without project."""

    shape: HashShape
    keys: Sequence[bytes]


@dataclass(slots=True)
class PackedRows:
    """Packed rows of one view and service. Their keys in the store are `prefix`, then the entity's key."""

    prefix: bytes
    keys: Sequence[bytes]


@dataclass(slots=True)
class Read:
    """One round trip."""

    packed: list[PackedRows]
    hashes: list[Hashes]


Fields = Sequence[bytes | None]
"""The values of a shape's fields for one entity, in order; None where there is none."""


@dataclass(slots=True)
class Answer:
    """What a round trip brought.

    Attributes:
        packed: for each of the `PackedRows` the row of each entity; None where there is none.
        hashes: for each of the `Hashes` the fields of each entity; None where what is stored is no hash.
    """

    packed: list[Sequence[bytes | None]]
    hashes: list[Sequence[Fields | None]]


class Store(Protocol):
    """A store that several threads read from."""

    def read(self, wanted: Read, deadline: float) -> Answer:
        """Reads, until a time on the clock of `time.monotonic`.

        Raises:
            StoreError: it could not be read, or not in time.
        """
        ...

    def close(self) -> None:
        """Closes what is open; the next read opens it again."""
        ...

"""The base of every configuration section, and the two roles of a setting."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Role(Enum):
    """What a setting is for."""

    MEANING = "it decides what is made of the same input"
    EXECUTION = "where things lie, how fast and with what they are made, when a run stops: the rows stay the same"


Meaning = Annotated[T, Role.MEANING]
Execution = Annotated[T, Role.EXECUTION]


@dataclass(frozen=True)
class Location:
    """Marks a setting that holds a path or URI, or several: in a configuration file, paths start from its folder."""

    is_name: Callable[[str], bool] = lambda value: False
    """Whether a value is no path, but the name of something."""


class Config(BaseModel):
    """Frozen, strict about unknown keys, hashable into a commit's metadata.

    Every field is `Meaning[type]` or `Execution[type]`, or a section, whose fields have their own roles. Only settings
    with a meaning enter fingerprints (docs/decisions/0032-meaning-and-execution.md).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        for name in cls.model_fields:
            if cls.role(name) is None and not cls.is_section(name):
                raise TypeError(f"{cls.__name__}.{name} has no role: write Meaning[...] or Execution[...] as its type")

    @classmethod
    def role(cls, name: str) -> Role | None:
        """The role of a field; None for a section."""
        return next((mark for mark in cls.model_fields[name].metadata if isinstance(mark, Role)), None)

    @classmethod
    def location(cls, name: str) -> Location | None:
        """The mark of a field that holds paths or URIs; None for any other."""
        return next((mark for mark in cls.model_fields[name].metadata if isinstance(mark, Location)), None)

    @classmethod
    def is_section(cls, name: str) -> bool:
        """Whether a field holds one or several sections, or may hold one."""
        return cls.section(name) is not None

    @classmethod
    def section(cls, name: str) -> "type[Config] | None":
        """The section that a field holds, once or several times; None for any other field."""
        return next((each for each in _parts(cls.model_fields[name].annotation) if _is_config(each)), None)

    def fingerprint(self) -> str:
        """16 hex digits of the settings with a meaning: equal settings, equal fingerprint."""
        return self._fingerprint()

    def _fingerprint(self, *without: str) -> str:
        """First 16 hex digits of the SHA-256 of the canonical JSON of the settings with a meaning."""
        left_out = self._of_execution() | dict.fromkeys(without, True)
        canonical = json.dumps(self.model_dump(mode="json", exclude=left_out), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def _of_execution(self) -> dict[str, Any]:
        """The settings of execution, also those of sections, as pydantic's `exclude`."""
        found: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if self.role(name) is Role.EXECUTION:
                found[name] = True
            elif isinstance(value, Config):
                found[name] = value._of_execution()
            elif isinstance(value, tuple):
                found[name] = {at: each._of_execution() for at, each in enumerate(value) if isinstance(each, Config)}
        return found


def _parts(annotation: Any) -> list[Any]:
    """A type, and those of its arguments at any depth: of `A | None`, A and None."""
    arguments = getattr(annotation, "__args__", ())
    return [annotation, *(part for each in arguments for part in _parts(each))]


def _is_config(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Config)

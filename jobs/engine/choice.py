"""Which engine a command uses, and why."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobs.engine.base import Engine

Name = Literal["auto", "sail", "spark", "connect"]
NAMES: tuple[Name, ...] = ("auto", "sail", "spark", "connect")

SERVES_BETTER_BYTES = 20 << 30
"""Input beyond which `auto` says that Spark on several machines would serve better than Sail on one."""


class EngineError(ValueError):
    """The engine that was asked for cannot be used here; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """An engine's name, and why it was chosen, in words that follow "because"."""

    name: Literal["sail", "spark", "connect"]
    why: str


@dataclass(frozen=True)
class Settings:
    """What engines are started with."""

    spark: Mapping[str, str] = field(default_factory=dict)  # Spark's own settings
    profile: str = "small"
    tell: "Callable[[str], None] | None" = None  # is given what the engine itself writes
    say: "Callable[[str], None] | None" = None  # is given what people should know while they wait


def choose(argument: str | None, configured: str, environment: Mapping[str, str] = os.environ) -> Choice:
    """`--engine`, else `engine:` of the config, else `$TOKENLAKE_ENGINE`, else what fits the place.

    Raises:
        EngineError: there is no engine of that name, or it lacks what it needs.
    """
    asked = {
        "--engine": argument,
        "engine: in the config": configured,
        "$TOKENLAKE_ENGINE": environment.get("TOKENLAKE_ENGINE"),
    }
    for where, name in asked.items():
        if not name or name == "auto":
            continue
        if name not in NAMES:
            raise EngineError(f"{where}: {name!r} is no engine; there are {', '.join(NAMES)}")
        choice = Choice(name, f"{where} asks for it")  # type: ignore[arg-type]
        break
    else:
        choice = _fitting(environment)
    _require(choice, environment)
    return choice


def _fitting(environment: Mapping[str, str]) -> Choice:
    if "PYSPARK_GATEWAY_PORT" in environment:
        return Choice("spark", "spark-submit started this process")
    if environment.get("SPARK_REMOTE"):
        return Choice("connect", "SPARK_REMOTE is set")
    if find_spec("pysail"):
        return Choice("sail", "it runs in this process and needs no Java")
    return Choice("spark", "there is no Sail for this platform")


def _require(choice: Choice, environment: Mapping[str, str]) -> None:
    if choice.name == "sail" and not find_spec("pysail"):
        raise EngineError("engine sail: pysail is not installed, and has no wheel for some platforms; use spark")
    if choice.name == "connect" and not environment.get("SPARK_REMOTE"):
        raise EngineError(
            "engine connect: set SPARK_REMOTE to the server's address, for instance sc://localhost:15002"
        )
    if choice.name == "spark" and not _classic():
        raise EngineError("engine spark: classic Spark is not installed; `pip install 'tokenlake[spark]'` adds it")


def _classic() -> bool:
    """Whether more than Spark's Connect client is installed; pyspark itself is not imported, which takes time."""
    package = find_spec("pyspark")
    return package is not None and any(
        Path(place, "core").is_dir() for place in package.submodule_search_locations or ()
    )


def make(choice: Choice, settings: Settings) -> "Engine":
    """The engine, not started yet; only its own modules are imported."""
    if choice.name == "sail":
        from jobs.engine.sail import SailEngine

        return SailEngine(settings.say)
    if choice.name == "connect":
        from jobs.engine.connect import ConnectEngine

        return ConnectEngine(os.environ["SPARK_REMOTE"])
    from jobs.engine.spark.engine import SparkEngine

    return SparkEngine(settings.spark, settings.profile, settings.tell)

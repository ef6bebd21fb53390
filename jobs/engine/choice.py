"""Which engine a command uses, and why."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from jobs import interruption
from pipelines.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobs.engine.base import Engine

Name = Literal["auto", "sail", "spark", "connect"]
NAMES: tuple[Name, ...] = ("auto", "sail", "spark", "connect")

LARGE_INPUT_BYTES = 20 << 30
"""Input size above which a run on Sail recommends Spark on several machines."""


class EngineError(MisuseError, ValueError):
    """The requested engine does not exist or cannot be used here; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """An engine's name, and why it was chosen, as a clause that could follow "because"."""

    name: Literal["sail", "spark", "connect"]
    why: str


@dataclass(frozen=True)
class Settings:
    """Settings of an engine."""

    spark: Mapping[str, str] = field(default_factory=dict)  # Spark's own settings
    profile: str = "small"
    stages: Sequence[str] = ()  # that will run; none when that is not known
    engine_output: "Callable[[str], None] | None" = None  # receives each line that the engine writes
    notify: "Callable[[str], None] | None" = None  # receives messages for the user about a long wait
    lake: str = ""  # root of the lake that is worked on


def choose(argument: str | None, configured: str, environment: Mapping[str, str] = os.environ) -> Choice:
    """The engine that `--engine`, `engine:` in the config or `$TOKENLAKE_ENGINE` names, in this order.

    Where none names one, or only `auto`: `spark` under spark-submit, `connect` if `$SPARK_REMOTE` is set, else `sail`,
    or `spark` where pysail is not installed.

    Raises:
        EngineError: no engine has that name, or what it needs is not installed or configured.
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
            raise EngineError(f"{where}: {name!r} is no engine; known: {', '.join(NAMES)}")
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
    return Choice("spark", "Sail is not installed")


def _require(choice: Choice, environment: Mapping[str, str]) -> None:
    if choice.name == "sail" and not find_spec("pysail"):
        raise EngineError(
            "engine sail: pysail is not installed (some platforms have no wheel of it); use --engine spark"
        )
    if choice.name == "connect" and not environment.get("SPARK_REMOTE"):
        raise EngineError("engine connect: set SPARK_REMOTE to the server's address, for example sc://localhost:15002")
    if choice.name == "spark" and not _classic():
        raise EngineError("engine spark: classic Spark is not installed; run `pip install 'tokenlake[spark]'`")


def _classic() -> bool:
    """Whether more than Spark's Connect client is installed, in a folder or, under spark-submit, in a zip archive."""
    try:
        return find_spec("pyspark.core") is not None
    except ModuleNotFoundError:
        return False


def make(choice: Choice, settings: Settings) -> "Engine":
    """Creates the engine without starting it; imports the modules of this engine only."""
    made = _make(choice, settings)
    interruption.first(made.interrupt)
    return made


def _make(choice: Choice, settings: Settings) -> "Engine":
    if choice.name == "sail":
        from jobs.engine.sail import SailEngine

        return SailEngine(settings.stages, settings.notify)
    if choice.name == "connect":
        from jobs.engine.connect import ConnectEngine

        return ConnectEngine(os.environ["SPARK_REMOTE"])
    from jobs.engine.spark.engine import SparkEngine

    return SparkEngine(settings.spark, settings.profile, settings.engine_output, settings.lake)

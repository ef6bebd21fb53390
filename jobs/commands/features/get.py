"""`tokenlake features get`: looks features up online and prints them."""

import argparse
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from features.definition.value_type import ValueType
from features.freshness import Status
from jobs.commands.features.online_store import online_store
from jobs.progress import Reporter
from pipelines.errors import MisuseError

if TYPE_CHECKING:
    from features.online.vectors import FeatureVectors
    from features.plan import Plan

_WORDS = {
    Status.INVALID: "invalid",
    Status.PRESENT: "present",
    Status.NULL_VALUE: "null",
    Status.NOT_FOUND: "not found",
    Status.OUTSIDE_MAX_AGE: "outside max age",
}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_LONGEST = 60  # characters of a value in the table


class ArgumentError(MisuseError, ValueError):
    """A word on the command line is no `key=value`, or its value is none of the key's type."""


def get(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints a table for each entity, or one JSON document. Entities that are not found are no failure."""
    from features.online.reader import OnlineReader

    if arguments.lake is None and not arguments.online:
        raise MisuseError("name the lake, or the online store with --online URL")
    service, *words = arguments.service
    address = online_store(arguments)
    at_us = time.time_ns() // 1000 if arguments.at is None else _microseconds(arguments.at)
    with OnlineReader(address, arguments.project) as reader:
        columns = _columns([*words, *arguments.request], _types(reader.plan(arguments.timeout), service))
        vectors = reader.get(service, columns, timeout=arguments.timeout, at_us=at_us)
    keys = {name: columns[name] for name in dict.fromkeys(word.partition("=")[0] for word in words)}
    print(json.dumps(_document(vectors, keys, at_us), indent=2) if arguments.json else _tables(vectors, keys, at_us))
    return 0


def _types(plan: "Plan", service: str) -> dict[str, ValueType]:
    """Keys and request values of a service."""
    from features.online.request import compile_request

    request = compile_request(plan, service)
    return {**request.keys, **request.values}


def _columns(words: Sequence[str], types: Mapping[str, ValueType]) -> dict[str, list[Any]]:
    """The values of each key, in order; one that is given once holds for every row.

    Raises:
        ArgumentError: a word is no `key=value`, or a value has another type.
    """
    columns: dict[str, list[Any]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise ArgumentError(f"{word!r} is no KEY=VALUE")
        columns.setdefault(name, []).append(_value(name, text, types.get(name, ValueType.STRING)))
    rows = max(map(len, columns.values()), default=0)
    return {name: column * rows if len(column) == 1 else column for name, column in columns.items()}


def _value(name: str, text: str, value_type: ValueType) -> Any:
    try:
        if value_type in (ValueType.INT32, ValueType.INT64):
            return int(text)
        if value_type in (ValueType.DOUBLE, ValueType.FLOAT):
            return float(text)
        if value_type is ValueType.BOOL:
            return {"true": True, "false": False}[text.lower()]
        if value_type is ValueType.UNIX_TIMESTAMP:
            return _moment(text)
    except (ValueError, KeyError) as error:
        raise ArgumentError(f"{name}={text}: {value_type.name} expected") from error
    return text.encode() if value_type is ValueType.BYTES else text


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _microseconds(text: str) -> int:
    try:
        moment = _moment(text)
    except ValueError as error:
        raise ArgumentError(f"--at {text} is no time; write 2026-11-26T18:00:00Z") from error
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * 1_000_000 + moment.microsecond


def _tables(vectors: "FeatureVectors", keys: Mapping[str, Sequence[Any]], at_us: int) -> str:
    """For each entity its keys, then a line for each feature, in columns."""
    return "\n\n".join("\n".join([title, *_lines(list(rows))]) for title, rows in _entities(vectors, keys, at_us))


def _entities(
    vectors: "FeatureVectors", keys: Mapping[str, Sequence[Any]], at_us: int
) -> Iterator[tuple[str, Iterator[tuple[str, ...]]]]:
    for row in range(len(vectors.columns[0])):
        title = " ".join(f"{name}={column[row]}" for name, column in keys.items())
        yield title, _features(vectors, row, at_us)


def _features(vectors: "FeatureVectors", row: int, at_us: int) -> Iterator[tuple[str, ...]]:
    for place, name in enumerate(vectors.names):
        event = vectors.event_times[place][row]
        yield (
            f"{vectors.views[place]}:{name}",
            _shown(vectors.columns[place][row]),
            _WORDS[Status(vectors.statuses[place][row])],
            "" if event is None else _age(at_us - event),
        )


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    table = [("feature", "value", "status", "age"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        yield "  ".join(["", *(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))]).rstrip()


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else str(_plain(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _age(microseconds: int) -> str:
    """In the largest unit that it has two of: 47 h, 2 d. Of a row from the future it is negative."""
    seconds = abs(microseconds) // 1_000_000
    size, unit = next((each for each in _UNITS if seconds >= 2 * each[0]), _UNITS[-1])
    return f"{'-' if microseconds < 0 else ''}{seconds // size} {unit}"


def _document(vectors: "FeatureVectors", keys: Mapping[str, Sequence[Any]], at_us: int) -> dict[str, Any]:
    rows = [
        {
            "entity": {name: _plain(column[row]) for name, column in keys.items()},
            "features": [
                {
                    "view": vectors.views[place],
                    "name": name,
                    "value": _plain(vectors.columns[place][row]),
                    "status": Status(vectors.statuses[place][row]).name,
                    "event_timestamp": _time(vectors.event_times[place][row]),
                }
                for place, name in enumerate(vectors.names)
            ],
        }
        for row in range(len(vectors.columns[0]))
    ]
    return {"at": _time(at_us), "rows": rows}


def _plain(value: Any) -> Any:
    """As JSON can say it: times as ISO 8601, bytes as hexadecimal digits, NaN and infinities as words."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _time(microseconds: int | None) -> str | None:
    if microseconds is None:
        return None
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat()

"""The log of a driver for people: events of `--log-json` as sentences, every other line as it is."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

_KNOWN = ("time", "event", "message", "level", "process", "logger")


def readable(lines: Iterable[str]) -> Iterator[str]:
    """The lines, with events as `HH:MM:SS sentence`, in UTC."""
    for line in lines:
        event = _event(line)
        yield line if event is None else _sentence(event)


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "event" in found else None


def _sentence(event: dict[str, Any]) -> str:
    """The event's own message; of an event without one, its name and its fields."""
    at = event.get("time")
    clock = f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}" if isinstance(at, int | float) else "--:--:--"
    if "message" in event:
        first, *others = str(event["message"]).splitlines() or [""]
        return "\n".join([f"{clock} {first}", *(f"         {line}" for line in others)])
    fields = ", ".join(f"{key} {_short(value)}" for key, value in event.items() if key not in _KNOWN)
    return f"{clock} {event['event'].replace('_', ' ')}{': ' if fields else ''}{fields}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"

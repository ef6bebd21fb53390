"""Messages of the processes that do the work, also of those on other machines: to their standard error.

Off, unless `TOKENLAKE_LOG` names a level. Processes inherit it; `--verbose` sets it to `info`.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping

from pipelines.errors import MisuseError

VARIABLE = "TOKENLAKE_LOG"
FORMAT = "TOKENLAKE_LOG_FORMAT"
INHERITED = (VARIABLE, FORMAT)
LEVELS = ("debug", "info", "warning", "error")
PACKAGES = ("pipelines", "lake", "jobs")

_LINE = "%(asctime)s %(levelname)s process %(process)d %(name)s: %(message)s"
_handler: logging.Handler = logging.NullHandler()


class LogLevelError(MisuseError, ValueError):
    """`TOKENLAKE_LOG` names no level."""


def configure(environment: Mapping[str, str] = os.environ) -> None:
    """Sends the messages of this process from the level of `TOKENLAKE_LOG` on to standard error.

    `TOKENLAKE_LOG_FORMAT=json` makes each a JSON object. May be called again.

    Raises:
        LogLevelError: that is no level.
    """
    level = environment.get(VARIABLE, "").lower()
    if level and level not in LEVELS:
        raise LogLevelError(f"${VARIABLE}: {level!r} is no level; known: {', '.join(LEVELS)}")
    global _handler
    before, _handler = _handler, logging.StreamHandler(sys.stderr) if level else logging.NullHandler()
    _handler.setFormatter(_Json() if environment.get(FORMAT) == "json" else logging.Formatter(_LINE))
    for package in PACKAGES:
        logger = logging.getLogger(package)
        logger.removeHandler(before)
        logger.addHandler(_handler)
        logger.propagate = not level  # to the handlers of a program that uses this one
        if level:
            logger.setLevel(level.upper())


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """An event, as those of `--log-json`."""
        fields = {"level": record.levelname.lower(), "process": record.process, "logger": record.name}
        return json.dumps({"time": round(record.created, 3), "event": "log", **fields, "message": record.getMessage()})

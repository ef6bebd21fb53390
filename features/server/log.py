"""Events of the server on standard error: a line of text each, or, as the other commands have it, a JSON object."""

import json
import sys
import time


class Log:
    """Writes events, whole lines at a time.

    Args:
        as_json: one JSON object per event.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json

    def event(self, name: str, message: str, **fields: object) -> None:
        """Writes an event: `message` as text, or `name` and `fields` as JSON."""
        if self.as_json:
            line = json.dumps({"time": round(time.time(), 3), "event": name, **fields}, default=str)
        else:
            line = message
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

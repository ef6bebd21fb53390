"""A worker process of a server with several: `python -m features.server.worker`, started by `workers.py`.

Standard input brings the settings, pickled, and stays open as long as the process that started this one lives.
Standard output is one line of JSON: where the worker listens, or why it does not.
"""

import json
import os
import pickle
import sys
from dataclasses import asdict

from features.server.log import Log
from features.server.process import Ports, run
from features.server.settings import Settings
from pipelines.errors import TokenlakeError


def main() -> int:
    """Serves until it is told to stop."""
    settings: Settings = pickle.loads(_read(int.from_bytes(_read(4), "big")))
    try:
        run(settings, Log(settings.log_json), _announce, until_end_of_input=True)
    except TokenlakeError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return error.exit_status
    return 0


def _read(size: int) -> bytes:
    """Bytes of standard input, and none beyond them: its end is waited for later."""
    found = b""
    while len(found) < size:
        part = os.read(0, size - len(found))
        if not part:
            raise SystemExit("the settings end too early")
        found += part
    return found


def _announce(ports: Ports) -> None:
    print(json.dumps(asdict(ports)), flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""The command `tokenlake`, also as `python -m jobs`."""

import os
import sys


def command() -> None:
    """Runs the command of this process, without importing from the working directory."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # `-m` puts it first on the path; an empty entry in PYTHONPATH names it too. In a checkout tokenlake lies there.
    sys.path = [each for each in sys.path if os.path.abspath(each) != os.getcwd() or os.path.abspath(each) == ours]
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until it is watched: no traceback of an import
    from jobs import interruption

    interruption.watch()
    from jobs.cli import entry

    entry()


if __name__ == "__main__":
    command()

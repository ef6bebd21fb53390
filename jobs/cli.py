"""The command line. Exit status: 0 done, 1 the run failed, 2 bad usage or configuration."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import NoReturn

from jobs import interruption
from jobs.arguments import parser
from jobs.progress import Reporter
from pipelines import logs
from pipelines.errors import MisuseError


class UsageError(MisuseError, ValueError):
    """The command line is valid but cannot be executed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    parsed = parser().parse_args(arguments)
    log_json, verbose = getattr(parsed, "log_json", False), getattr(parsed, "verbose", False)
    hold = not (parsed.traceback or verbose or os.environ.get(logs.VARIABLE))
    reporter = Reporter(log_json=log_json, hold_engine_output=hold)
    interruption.tell(partial(_interrupted, reporter, parsed.command.startswith("run:")))
    try:
        _configure_logs(log_json, verbose)
        return _load(parsed.command)(parsed, reporter)
    except Exception as error:
        if isinstance(error, MisuseError):
            return _fail(reporter, error, error.exit_status)
        if parsed.traceback:
            raise
        from jobs.failures import explain_failure

        failure = explain_failure(error)
        if not failure.known:
            reporter.show_engine_output()
        return _fail(reporter, error, 1, failure.message)


def _load(name: str) -> Callable[[argparse.Namespace, Reporter], int]:
    """The function that `module:function` names under jobs.commands; no other command is imported."""
    module, _, function = name.partition(":")
    loaded: Callable[[argparse.Namespace, Reporter], int] = getattr(import_module(f"jobs.commands.{module}"), function)
    return loaded


def _configure_logs(log_json: bool, verbose: bool) -> None:
    """Of this process, and of those that it starts, which inherit its environment."""
    if verbose:
        os.environ.setdefault(logs.VARIABLE, "info")
    if log_json and logs.VARIABLE in os.environ:
        os.environ[logs.FORMAT] = "json"
    logs.configure()


def _interrupted(reporter: Reporter, continues: bool, number: int) -> str:
    """The line that a command ends with when a signal ends it."""
    name = signal.Signals(number).name
    what = "; committed work stays, and the same command continues from there" if continues else ""
    fields = {"error": f"interrupted by {name}{what}", "kind": name, "status": 128 + number}
    return reporter.line("error", f"tokenlake: interrupted by {name}{what}", **fields)


def _fail(reporter: Reporter, error: Exception, status: int, explanation: str = "") -> int:
    message = explanation or str(error) or type(error).__name__
    fields = {"error": message, "kind": type(error).__name__, "status": status}
    whole = {} if str(error) in message else {"detail": str(error)}
    reporter.event("error", f"tokenlake: error: {message}", **fields, **whole)
    if status == 1 and not reporter.log_json:
        reporter.event(
            "hint", "(--traceback shows where it happened; committed work stays, and the next run skips it)"
        )
    return status


def entry(arguments: Sequence[str] | None = None) -> NoReturn:
    """The process of a command."""
    interruption.watch()
    status = 1
    try:
        status = main(arguments)
    except KeyboardInterrupt:  # of Spark, which handles SIGINT too
        interruption.end(signal.SIGINT)
    except Exception:  # --traceback
        sys.excepthook(*sys.exc_info())
    if "pysail" in sys.modules:
        _leave(status)
    sys.exit(status)


def _leave(status: int) -> NoReturn:
    """Ends the process without shutting the interpreter down.

    After a failed query, threads of Sail still hold Python objects; during an orderly shutdown of the interpreter they
    abort the process (SIGABRT, "exception not rethrown").
    """
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, or a pipe that nobody reads
            stream.flush()
    os._exit(status)

"""The command line. Exit status: 0 done, 1 the run failed, 2 bad usage or configuration."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from jobs.progress import Reporter

STAGES = ("ingest", "clean", "dedup", "tokenize", "pack")


class UsageError(ValueError):
    """The command cannot be carried out as given: exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    parsed = _parser().parse_args(arguments)
    reporter = Reporter(log_json=getattr(parsed, "log_json", False), hold_engine=not parsed.traceback)
    try:
        return _load(parsed.command)(parsed, reporter)
    except KeyboardInterrupt:
        return _fail(reporter, RuntimeError("interrupted; the same command continues where this one stopped"), 130)
    except Exception as error:
        if _misused(error):
            return _fail(reporter, error, 2)
        if parsed.traceback:
            raise
        from jobs.failures import told

        failure = told(error)
        if not failure.known:
            reporter.tell_engine()
        return _fail(reporter, error, 1, failure.message)


def _misused(error: Exception) -> bool:
    """Whether what the user wrote is at fault, not the run."""
    # Imported only when something has failed.
    from jobs.engine.choice import EngineError
    from jobs.yaml_config import ConfigError

    if isinstance(error, ConfigError | UsageError | EngineError | FileNotFoundError):
        return True
    from pipelines.policies.files import PolicyError
    from pipelines.readers.finding import SourceError
    from pipelines.readers.registry import UnknownFormatError

    return isinstance(error, PolicyError | SourceError | UnknownFormatError)


def _load(name: str) -> Callable[[argparse.Namespace, Reporter], int]:
    """`module:function` under jobs.commands; only the command that runs is imported."""
    module, _, function = name.partition(":")
    loaded: Callable[[argparse.Namespace, Reporter], int] = getattr(import_module(f"jobs.commands.{module}"), function)
    return loaded


def _fail(reporter: Reporter, error: Exception, status: int, told: str = "") -> int:
    message = told or str(error) or type(error).__name__
    fields = {"error": message, "kind": type(error).__name__, "status": status}
    whole = {} if str(error) in message else {"detail": str(error)}
    reporter.event("error", f"tokenlake: error: {message}", **fields, **whole)
    if status == 1 and not reporter.log_json:
        reporter.event(
            "hint", "(--traceback shows where it happened; what was committed stays, and is not done again)"
        )
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tokenlake",
        description="Raw text in; clean, deduplicated, tokenized, packed training sequences out, as Delta tables.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=(
            "examples:\n"
            "  tokenlake run examples/quickstart.yaml\n"
            "  tokenlake run examples/quickstart.yaml --input ~/texts --only-input --lake lakes/mine\n"
            "  tokenlake tables lakes/mine\n"
            "  tokenlake explain lakes/mine 0f3c…\n"
        ),
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_run(commands)
    _add_stage(commands)
    _add_tables(commands)
    _add_explain(commands)
    _add_decide(commands)
    _add_report(commands)
    _add_doctor(commands)
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, about: str, examples: str
) -> argparse.ArgumentParser:
    added = commands.add_parser(
        name,
        help=about,
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"examples:\n{examples}",
    )
    added.add_argument("--traceback", action="store_true", help="show the whole traceback of a failure")
    return added


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lake", metavar="DIR", help="folder or URI of the tables (default: the config's)")
    parser.add_argument(
        "--input",
        metavar="PATH",
        action="append",
        default=[],
        nargs="+",
        help="files or folders to add to the sources",
    )
    parser.add_argument("--only-input", action="store_true", help="read only --input, not the config's sources")
    parser.add_argument(
        "--set",
        metavar="K=V",
        action="append",
        default=[],
        nargs="+",
        help="override a key, e.g. tokenizer.vocab_size=16000",
    )
    _add_engine(parser)
    parser.add_argument("--log-json", action="store_true", help="one JSON line per event on standard error")


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=("auto", "sail", "spark", "connect"),
        help="where it is computed: sail (in this process, no Java), spark (a JVM, clusters), connect "
        "(the server that SPARK_REMOTE names); auto, the default, takes what fits the place",
    )


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    examples = (
        "  tokenlake run examples/quickstart.yaml\n"
        "  tokenlake run examples/quickstart.yaml --input crawl.warc.gz notes/ --lake lakes/mine\n"
        "  tokenlake run my.yaml --set clean.policy=gopher --set pack.0.length=2048 --log-json\n"
    )
    added = _command(commands, "run", "all stages of a config; again, it does only what is new", examples)
    added.add_argument("config", metavar="CONFIG", help="YAML file; see examples/")
    _add_config(added)
    added.set_defaults(command="run:run")


def _add_stage(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = _command(commands, "stage", "one stage of a config", "  tokenlake stage clean examples/quickstart.yaml\n")
    added.add_argument("stage", metavar="NAME", choices=STAGES, help=" ".join(STAGES))
    added.add_argument("config", metavar="CONFIG", help="YAML file; see examples/")
    _add_config(added)
    added.set_defaults(command="run:stage")


def _add_tables(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = _command(
        commands,
        "tables",
        "each table: version, rows, bytes, last commit",
        "  tokenlake tables lakes/quickstart --json\n",
    )
    added.add_argument("lake", metavar="LAKE")
    added.add_argument("--json", action="store_true", help="as one JSON document on standard output")
    added.set_defaults(command="tables:tables")


def _add_explain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    examples = "  tokenlake explain lakes/quickstart 0f3c5a…   (a doc_id, or the beginning of one)\n"
    added = _command(commands, "explain", "a document's whole story", examples)
    added.add_argument("lake", metavar="LAKE")
    added.add_argument("doc_id", metavar="DOC_ID")
    _add_engine(added)
    added.add_argument("--json", action="store_true", help="as one JSON document on standard output")
    added.set_defaults(command="explain:explain")


def _add_decide(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    examples = (
        "  tokenlake decide lakes/quickstart gopher\n  tokenlake decide lakes/quickstart my-policy.yaml --apply\n"
    )
    added = _command(commands, "decide", "apply a policy to stored measures; shows what would change", examples)
    added.add_argument("lake", metavar="LAKE")
    added.add_argument("policy", metavar="POLICY", help="name of a bundled policy, or path of a YAML file")
    added.add_argument("--apply", action="store_true", help="commit the new decisions")
    _add_engine(added)
    added.set_defaults(command="decide:decide")


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = _command(
        commands, "report", "LAKE/report/index.html: one self-contained page", "  tokenlake report lakes/quickstart\n"
    )
    added.add_argument("lake", metavar="LAKE")
    _add_engine(added)
    added.set_defaults(command="report:report")


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = _command(
        commands,
        "doctor",
        "what is there, what is missing, how to get it",
        "  tokenlake doctor\n  tokenlake doctor --install\n  tokenlake doctor --install --engine spark\n",
    )
    added.add_argument("--install", action="store_true", help="compile the kernels, so that no run waits for them")
    added.add_argument("--engine", choices=("sail", "spark"), default="sail", help="what else this engine gains from")
    added.add_argument("--quiet", action="store_true", help="say only what is needed and missing")
    added.set_defaults(command="doctor:doctor")


def entry() -> NoReturn:
    """The `tokenlake` command."""
    status = 1
    try:
        status = main()
    except Exception:  # --traceback
        sys.excepthook(*sys.exc_info())
    if "pysail" in sys.modules:
        _leave(status)
    sys.exit(status)


def _leave(status: int) -> NoReturn:
    """Ends the process without taking the interpreter apart.

    Threads of Sail's that still hold Python objects, as after a failed query, would abort it meanwhile (SIGABRT,
    "exception not rethrown").
    """
    import atexit
    import os

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, or a pipe that nobody reads
            stream.flush()
    os._exit(status)

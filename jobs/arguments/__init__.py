"""The arguments of every command of `tokenlake`, with the examples of its `--help`."""

import argparse

from jobs.arguments.export import add_export
from jobs.arguments.features import add_features
from jobs.arguments.k8s import add_k8s
from jobs.arguments.maintain import add_maintain, add_pin
from jobs.arguments.metrics import add_metrics
from jobs.arguments.mix import add_mix
from jobs.arguments.retract import add_retract
from jobs.arguments.shared import add_command, add_engine, add_lake, add_wait
from pipelines import logs

STAGES = ("ingest", "clean", "dedup", "pairs", "tokenize", "pack")
"""What `tokenlake run` runs; `pairs` does nothing without `pairs.sources`."""

ALL_STAGES = (*STAGES, "features")
"""What `tokenlake stage` can run."""


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `command`, the `module:function` below `jobs.commands` that runs it."""
    made = argparse.ArgumentParser(
        prog="tokenlake",
        description=(
            "Turns raw text into clean, deduplicated, tokenized, packed training sequences, as Delta tables.\n"
            "A lake is the folder that holds these tables. `tokenlake COMMAND --help` describes a command."
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=(
            "examples:\n"
            "  tokenlake run examples/quickstart.yaml\n"
            "  tokenlake run examples/quickstart.yaml --input ~/texts --only-input --lake lakes/mine\n"
            "  tokenlake tables lakes/mine\n"
            "  tokenlake explain lakes/mine 0f3c…\n"
        ),
    )
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    _add_run(commands)
    _add_stage(commands)
    _add_tables(commands)
    _add_explain(commands)
    _add_decide(commands)
    _add_report(commands)
    _add_check(commands)
    add_export(commands)
    add_mix(commands)
    add_retract(commands)
    _add_upgrade(commands)
    add_maintain(commands)
    add_pin(commands)
    add_metrics(commands)
    _add_doctor(commands)
    add_features(commands)
    add_k8s(commands)
    return made


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "config",
        metavar="CONFIG",
        help="YAML file with sources and settings; see examples/. Relative paths in it start from its own folder, "
        "those of --lake, --input and --set from the working directory",
    )
    parser.add_argument("--lake", metavar="DIR", help="folder or URI of the tables (default: `lake` in CONFIG)")
    parser.add_argument(
        "--input",
        metavar="PATH",
        action="append",
        default=[],
        nargs="+",
        help="files or folders to read besides the sources in CONFIG",
    )
    parser.add_argument("--only-input", action="store_true", help="read only --input, not the sources in CONFIG")
    parser.add_argument(
        "--set",
        metavar="K=V",
        action="append",
        default=[],
        nargs="+",
        help="override a key of CONFIG, e.g. tokenizer.vocab_size=16000",
    )
    parser.add_argument(
        "--date",
        metavar="DAY",
        help="ingest only the files of this day (UTC, YYYY-MM-DD): those whose path in CONFIG holds {date}, with the "
        "day in its place; other files are neither new nor gone. Without --date, the files of all days",
    )
    parser.add_argument(
        "--keep-old",
        action="store_true",
        help="keep the rows that an older version of a step made, instead of making them again; new rows are made by "
        "the new version, and the commit names both",
    )
    add_engine(parser)
    add_wait(parser)
    parser.add_argument(
        "--verbose",
        action="store_true",
        help=f"log what the worker processes do, such as the file that each reads; ${logs.VARIABLE} names a level",
    )
    parser.add_argument("--log-json", action="store_true", help="write events to standard error as JSON, one per line")


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    examples = (
        "  tokenlake run examples/quickstart.yaml\n"
        "  tokenlake run examples/quickstart.yaml --input crawl.warc.gz notes/ --lake lakes/mine\n"
        "  tokenlake run my.yaml --set clean.policy=gopher --set pack.0.length=2048 --log-json\n"
        "  tokenlake run daily.yaml --date 2026-11-20\n"
    )
    added = add_command(commands, "run", "run all stages of a config; a later run processes only new input", examples)
    _add_config(added)
    added.set_defaults(command="run:run")


def _add_stage(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        commands,
        "stage",
        "run one stage of a config",
        "  tokenlake stage clean examples/quickstart.yaml\n"
        "  tokenlake stage features examples/features.yaml\n"
        "  tokenlake stage ingest daily.yaml --date 2026-11-20\n",
    )
    added.add_argument("stage", metavar="NAME", choices=ALL_STAGES, help=f"one of {', '.join(ALL_STAGES)}")
    _add_config(added)
    added.set_defaults(command="run:stage")


def _add_tables(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        commands,
        "tables",
        "list the tables of a lake: version, rows, bytes, last commit",
        "  tokenlake tables lakes/quickstart --json\n",
    )
    add_lake(added)
    added.add_argument("--json", action="store_true", help="print one JSON document")
    added.set_defaults(command="tables:tables")


def _add_explain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    examples = "  tokenlake explain lakes/quickstart 0f3c5a\n"
    added = add_command(
        commands, "explain", "show what each stage did with one document or sentence pair, and why", examples
    )
    add_lake(added)
    added.add_argument(
        "doc_id", metavar="DOC_ID", help="a doc_id or pair_id, or enough of its first digits to be unique"
    )
    add_engine(added)
    added.add_argument("--json", action="store_true", help="print one JSON document")
    added.set_defaults(command="explain:explain")


def _add_decide(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    examples = (
        "  tokenlake decide lakes/quickstart gopher\n  tokenlake decide lakes/quickstart my-policy.yaml --apply\n"
    )
    added = add_command(
        commands, "decide", "show which documents another policy would keep or drop, from stored measures", examples
    )
    add_lake(added)
    added.add_argument("policy", metavar="POLICY", help="name of a bundled policy, or path of a YAML file")
    added.add_argument("--apply", action="store_true", help="commit the new decisions instead of only showing them")
    add_engine(added)
    added.set_defaults(command="decide:decide")


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        commands,
        "report",
        "write LAKE/report/index.html, one self-contained page",
        "  tokenlake report lakes/quickstart\n",
    )
    add_lake(added)
    add_engine(added)
    added.add_argument(
        "--print",
        action="store_true",
        help="print the page that is there, packed, between two marked lines: what `tokenlake k8s report` reads from "
        "the log of a pod",
    )
    added.set_defaults(command="report:report")


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        commands,
        "check",
        "count every row of a lake and check all that must hold; exit status 1 if something does not",
        "  tokenlake check lakes/mine\n  tokenlake check s3://bucket/lake --json\n",
    )
    add_lake(added)
    add_engine(added)
    add_wait(added)
    added.add_argument("--json", action="store_true", help="print one JSON document")
    added.set_defaults(command="check:check")


def _add_upgrade(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        commands,
        "upgrade",
        "bring the tables of an older tokenlake to this one's contract; reads no input and computes nothing anew",
        "  tokenlake upgrade lakes/mine\n",
    )
    add_lake(added)
    added.set_defaults(command="upgrade:upgrade")


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        commands,
        "doctor",
        "check the installation: what is present, what is missing, how to install it",
        "  tokenlake doctor\n  tokenlake doctor --install\n  tokenlake doctor --install --engine spark\n",
    )
    added.add_argument("--install", action="store_true", help="compile the kernels now, so that no run waits for them")
    added.add_argument(
        "--engine",
        choices=("sail", "spark"),
        default="sail",
        help="the engine to check and install for (default: sail)",
    )
    added.add_argument(
        "--object-stores", action="store_true", help="with --install --engine spark: also Spark's connector to S3"
    )
    added.add_argument(
        "--all-steps",
        action="store_true",
        help="with --install: also compile the kernels of steps that few configurations ask for (decontaminate, "
        "dedup.passages, classifiers), which their first run would wait for",
    )
    added.add_argument("--quiet", action="store_true", help="print only what is needed and missing")
    added.set_defaults(command="doctor:doctor")

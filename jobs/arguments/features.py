"""The arguments of `tokenlake features …`, with the examples of their `--help`. One function for each subcommand."""

import argparse

from jobs.arguments.shared import add_command, add_engine, add_lake, add_online


def add_features(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `features` and its subcommands; each sets `command`, the `module:function` below `jobs.commands`."""
    about = "the feature store: publish definitions, fill the online store, look up, serve, check"
    added = commands.add_parser(
        "features",
        help=about,
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=(
            "examples:\n"
            "  tokenlake stage features examples/features.yaml\n"
            "  tokenlake features apply lakes/quickstart\n"
            "  tokenlake features materialize lakes/quickstart\n"
            "  tokenlake features get lakes/quickstart --service mixture source=python-help\n"
            "  tokenlake features serve lakes/quickstart\n"
        ),
    )
    subcommands = added.add_subparsers(metavar="SUBCOMMAND", required=True)
    _add_apply(subcommands)
    _add_training_set(subcommands)


def _add_apply(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "apply",
        "check the definitions of features and publish them: to the lake, the online store and Feast's registry",
        "  tokenlake features apply lakes/quickstart\n"
        "  tokenlake features apply lakes/mine --online valkey://127.0.0.1:6379/0\n",
    )
    add_lake(added)
    add_online(added)
    added.set_defaults(command="features.apply:apply")


def _add_training_set(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "training-set",
        "join the features of a service to rows of yours, as they were at the time of each row: a table of the lake",
        "  tokenlake features training-set lakes/quickstart --service curation --entities labels.csv --name quality\n"
        "  tokenlake features training-set lakes/mine --service translation_request --entities requests.parquet \\\n"
        "    --name requests --known-at row\n"
        "  tokenlake features training-set lakes/mine --service mixture --entities sampled --name mixture \\\n"
        "    --known-at 2026-11-26T18:00:00Z --version source_quality=3\n",
    )
    add_lake(added)
    added.add_argument("--service", required=True, metavar="NAME", help="the feature service whose features to join")
    added.add_argument(
        "--entities",
        required=True,
        metavar="FILE|TABLE",
        help="the rows: a table of the lake, a .csv, .jsonl or .parquet file, or a folder of .parquet files, with the "
        "join keys, `event_timestamp` (UTC where it names no zone) and any other columns, which are kept",
    )
    added.add_argument("--name", required=True, metavar="NAME", help="the result is the table training_set_NAME")
    added.add_argument(
        "--known-at",
        metavar="TIME|row",
        help="do not use values that were written later than TIME, or, with `row`, later than each row's "
        "event_timestamp: only what could be known then (default: use all values, whenever they were written)",
    )
    added.add_argument(
        "--version",
        metavar="VIEW=N",
        action="append",
        default=[],
        help="read version N of a view's table, or of the table in --entities; may be repeated (default: the newest)",
    )
    added.add_argument("--full-names", action="store_true", help="name every feature VIEW__FEATURE")
    added.add_argument("--json", action="store_true", help="print one JSON document")
    add_engine(added)
    added.set_defaults(command="features.training_set:training_set")

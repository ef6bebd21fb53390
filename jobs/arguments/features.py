"""The arguments of `tokenlake features …`, with the examples of their `--help`. One function for each subcommand."""

import argparse

from jobs.arguments.features_get import add_get
from jobs.arguments.features_serve import add_keys, add_serve
from jobs.arguments.numbers import not_negative, positive, share
from jobs.arguments.shared import add_command, add_engine, add_lake, add_online, add_wait


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
    add_get(subcommands)
    add_serve(subcommands)
    add_keys(subcommands)
    _add_training_set(subcommands)
    _add_materialize(subcommands)
    _add_push(subcommands)
    _add_check(subcommands)
    _add_baseline(subcommands)
    _add_drift(subcommands)
    _add_report(subcommands)


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


def _add_materialize(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "materialize",
        "write what is new in the tables of views into the online store",
        "  tokenlake features materialize lakes/quickstart\n"
        "  tokenlake features materialize lakes/mine client_profile term_glossary --online valkey://127.0.0.1:6379/0\n"
        "  tokenlake features materialize lakes/mine --engine spark --up-to 2026-11-26T12:00Z\n",
    )
    add_lake(added)
    added.add_argument("view", nargs="*", metavar="VIEW", help="views to write (default: all that have a table)")
    add_online(added)
    added.add_argument(
        "--engine",
        choices=("auto", "sail", "spark", "connect"),
        help="write from the tasks of this engine, each straight to the store: for tables too large for one process "
        "(default: this process writes)",
    )
    added.add_argument(
        "--up-to",
        metavar="TIME",
        help="leave rows with later event times for a later run: 2026-11-26T12:00Z, or 24h for a day ago "
        "(default: now)",
    )
    added.add_argument(
        "--again", action="store_true", help="write all rows, not only those that are new since the last run"
    )
    added.add_argument(
        "--apply", action="store_true", help="publish the definitions first, as `tokenlake features apply` does"
    )
    add_wait(added)
    added.add_argument("--json", action="store_true", help="print one JSON document")
    added.set_defaults(command="features.materialize:materialize")


def _add_push(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "push",
        "store rows of a view, as serving code does: in its table, then at once in the online store",
        "  tokenlake features push lakes/quickstart client_usage usage.jsonl\n"
        '  echo \'{"client_id": "acme", "requests_1h": 12}\' | tokenlake features push lakes/mine client_usage -\n',
    )
    add_lake(added)
    added.add_argument("view", metavar="VIEW", help="a view that takes rows")
    added.add_argument(
        "file",
        metavar="FILE",
        help="one JSON object a line, with the join keys, features and, if not now, `event_timestamp`; - for standard "
        "input",
    )
    added.add_argument(
        "--to",
        choices=("online_and_offline", "online", "offline"),
        default="online_and_offline",
        help="only the online store, only the table, or both (default)",
    )
    add_online(added)
    added.set_defaults(command="features.push:push")


def _add_check(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "check",
        "whether the online store serves what the tables hold; exit status 1 when a limit is exceeded",
        "  tokenlake features check lakes/quickstart\n"
        "  tokenlake features check lakes/quickstart source_quality --lag 0\n"
        "  tokenlake features check lakes/mine --request-log /var/log/tokenlake --since 24h --max-stale 0.001\n"
        "  tokenlake features check lakes/mine --online valkey://127.0.0.1:6379/0 --sample 10000 --prometheus\n",
    )
    add_lake(added)
    added.add_argument("view", metavar="VIEW", nargs="*", help="views to compare (default: all)")
    add_online(added)
    added.add_argument(
        "--request-log",
        metavar="DIR",
        help="compare the requests that a server logged there, as of their time, instead of looking entities up now",
    )
    added.add_argument(
        "--since", metavar="TIME", help="leave earlier requests of the log out: 24h, 7d, or 2026-11-26T12:00Z"
    )
    added.add_argument(
        "--sample",
        type=positive,
        default=1000,
        metavar="N",
        help="rows of each view's table whose entities are looked up; with --request-log about so many answers of "
        "each view, all of an entity or none (default: %(default)s)",
    )
    added.add_argument("--seed", type=int, metavar="N", help="of the sample (default: another one each time)")
    added.add_argument(
        "--lag",
        type=not_negative,
        default=900.0,
        metavar="SECONDS",
        help="that a row may need from its creation in the table to the online store (default: %(default)g)",
    )
    added.add_argument(
        "--clock-tolerance",
        type=not_negative,
        default=5.0,
        metavar="SECONDS",
        help="that the clocks of machines may differ by (default: %(default)g)",
    )
    for name, about, default in (
        ("mismatch", "differ from the table: another value, null, a wrong type, or no such row", 0.0),
        ("missing", "have found no row though the table has one", 0.0),
        ("stale", "be from an older row than the table's", 0.0),
        ("skew", "be from the future", 0.0),
        ("late", "have been right then, but not by a row that became known later", 1.0),
    ):
        added.add_argument(
            f"--max-{name}",
            type=share,
            default=default,
            metavar="SHARE",
            help=f"largest share of a feature's answers that may {about} (default: %(default)g)",
        )
    added.add_argument(
        "--max-unpacked",
        type=share,
        default=1.0,
        metavar="SHARE",
        help="largest share of a view's packed rows that may be lost, or older than Feast's layout "
        "(default: %(default)g)",
    )
    shown = added.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print all counts and examples as JSON")
    shown.add_argument("--prometheus", action="store_true", help="print the metrics of LAKE/features/metrics.prom")
    added.set_defaults(command="features.check:check")


def _add_baseline(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "baseline",
        "pin what the values of features are like now, to measure drift against",
        "  tokenlake features baseline lakes/quickstart\n"
        "  tokenlake features baseline lakes/mine source_quality document_measures\n",
    )
    add_lake(added)
    _add_views(added)
    added.set_defaults(command="features.baseline:baseline")


def _add_drift(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "drift",
        "how far features have moved from their baseline; exit status 1 when one has drifted",
        "  tokenlake features drift lakes/quickstart\n"
        "  tokenlake features drift lakes/mine source_quality --max-index 0.1 --json\n",
    )
    add_lake(added)
    _add_views(added)
    added.add_argument(
        "--max-index",
        type=not_negative,
        default=0.25,
        metavar="INDEX",
        help="largest population stability index of a feature that has not drifted (default: %(default)g)",
    )
    added.add_argument(
        "--max-nulls",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="largest change of a feature's share of nulls that is no drift (default: %(default)g)",
    )
    added.add_argument("--json", action="store_true", help="print every feature as JSON")
    added.set_defaults(command="features.drift:drift")


def _add_report(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "report",
        "write LAKE/features/report/index.html: freshness, distributions, drift and consistency of all features",
        "  tokenlake features report lakes/quickstart\n",
    )
    add_lake(added)
    add_online(added)
    added.set_defaults(command="features.report:report")


def _add_views(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("view", metavar="VIEW", nargs="*", help="views of features (default: all that have rows)")

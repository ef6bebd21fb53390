"""Arguments that several commands take, and how a command is added."""

import argparse

from jobs.arguments.numbers import not_negative


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, about: str, examples: str
) -> argparse.ArgumentParser:
    """Adds a command that has `--traceback`, a line about it and examples."""
    added = commands.add_parser(
        name,
        help=about,
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"examples:\n{examples}",
    )
    added.add_argument("--traceback", action="store_true", help="print the full traceback of a failure")
    return added


def add_lake(parser: argparse.ArgumentParser) -> None:
    """The argument LAKE of commands that need an existing one."""
    parser.add_argument("lake", metavar="LAKE", help="folder or URI of the tables")


def add_wait(parser: argparse.ArgumentParser) -> None:
    """The argument `--wait`, for `jobs.turn`."""
    parser.add_argument(
        "--wait",
        metavar="MINUTES",
        type=not_negative,
        default=0.0,
        help="wait so long for a turn on the lake: until no other run is at work there and the stages before have "
        "processed what is there (default: 0, do not wait and look at no other stage)",
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """The argument `--engine`."""
    parser.add_argument(
        "--engine",
        choices=("auto", "sail", "spark", "connect"),
        help="compute engine: sail (inside this process, no Java), spark (classic Spark, in a JVM or on a cluster), "
        "connect (the Spark Connect server in $SPARK_REMOTE). auto, the default: spark under spark-submit, connect if "
        "$SPARK_REMOTE is set, else sail",
    )


def add_online(parser: argparse.ArgumentParser) -> None:
    """The argument `--online`, for `jobs.commands.features.online_store`."""
    parser.add_argument(
        "--online",
        metavar="URL",
        help="online store: valkey://HOST:PORT/DATABASE (redis:// too; valkeys:// with TLS), unix:///SOCKET or "
        "sqlite:///FILE (default: $TOKENLAKE_ONLINE_STORE, else LAKE/features/online.db)",
    )

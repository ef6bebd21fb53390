"""The arguments of `tokenlake features get`."""

import argparse

from jobs.arguments.numbers import not_negative
from jobs.arguments.shared import add_command, add_online


def add_get(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `get` to the subcommands of `features`."""
    added = add_command(
        subcommands,
        "get",
        "look features of a service up in the online store; entities that are not found are no failure",
        "  tokenlake features get lakes/quickstart --service mixture source=python-help source=news\n"
        "  tokenlake features get --online valkey://127.0.0.1:6379/0 --service translation_request \\\n"
        "    source_language=de target_language=en client_id=acme --request source_characters=120\n"
        "  tokenlake features get lakes/quickstart --service mixture source=news --at 2026-11-26T18:00:00Z --json\n",
    )
    added.add_argument("lake", nargs="?", metavar="LAKE", help="folder or URI of the tables; not needed with --online")
    add_online(added)
    added.add_argument(
        "--service",
        required=True,
        nargs="+",
        metavar=("NAME", "KEY=VALUE"),
        help="the feature service, then the keys of the entities: a key with several values makes several rows, a key "
        "with one value holds for all rows",
    )
    added.add_argument(
        "--request",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="values that on-demand views take from the request",
    )
    added.add_argument(
        "--at", metavar="TIME", help="judge freshness at this time, UTC where it names no zone (default: now)"
    )
    added.add_argument("--project", default="tokenlake", metavar="NAME", help="whose features (default: %(default)s)")
    added.add_argument(
        "--timeout", type=not_negative, default=5.0, metavar="SECONDS", help="of the lookup (default: %(default)g)"
    )
    added.add_argument("--json", action="store_true", help="print one JSON document")
    added.set_defaults(command="features.get:get")

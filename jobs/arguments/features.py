"""The arguments of `tokenlake features …`, with the examples of their `--help`. One function for each subcommand."""

import argparse

from jobs.arguments.features_serve import add_keys, add_serve
from jobs.arguments.shared import add_command, add_lake, add_online


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
    add_serve(subcommands)
    add_keys(subcommands)


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

"""The arguments of `tokenlake features …`, with the examples of their `--help`. One function for each subcommand."""

import argparse


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
    added.add_subparsers(metavar="SUBCOMMAND", required=True)

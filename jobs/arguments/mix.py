"""Arguments of `tokenlake mix`."""

import argparse

from jobs.arguments.shared import add_command


def add_mix(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `mix`."""
    added = add_command(
        commands,
        "mix",
        "plan a mixture of tables of sequences for training: shares of tokens, epochs, filters; commits the plan",
        "  tokenlake mix examples/mixture.yaml\n"
        "  tokenlake mix examples/mixture.yaml --dry-run --seed 7\n"
        "  tokenlake mix examples/mixture.yaml --set exhausted=others\n",
    )
    added.add_argument("config", metavar="CONFIG", help="YAML file of the mixture; see docs/how-to/mixtures.md")
    added.add_argument(
        "--set",
        metavar="K=V",
        action="append",
        default=[],
        nargs="+",
        help="override a key of CONFIG, such as window=500",
    )
    added.add_argument(
        "--seed", type=int, default=0, help="seed of the order for which lengths are shown (default: 0)"
    )
    added.add_argument("--dry-run", action="store_true", help="show the plan, and commit nothing")
    added.add_argument("--json", action="store_true", help="print JSON")
    added.set_defaults(command="mix:mix")

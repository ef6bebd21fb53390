"""The arguments of `tokenlake k8s …`, with the examples of their `--help`. One function for each subcommand."""

import argparse

from jobs.arguments.shared import add_command


def add_k8s(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `k8s` and its subcommands; each sets `command`, the `module:function` below `jobs.commands`."""
    about = "the pipeline on Kubernetes, scheduled by the Spark operator"
    added = commands.add_parser(
        "k8s",
        help=about,
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  tokenlake k8s lint k8s/overlays/prod\n",
    )
    subcommands = added.add_subparsers(metavar="SUBCOMMAND", required=True)
    _add_lint(subcommands)


def _add_lint(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "lint",
        "find what the Spark operator and the API server let through; exit status 1 if something is found",
        "  tokenlake k8s lint k8s/overlays/prod\n"
        "  tokenlake k8s lint schedules/ namespace.yaml --ignore driver.priority\n"
        "  kubectl kustomize k8s/overlays/prod | tokenlake k8s lint -\n"
        "  tokenlake k8s lint --rules\n",
    )
    added.add_argument(
        "path",
        metavar="PATH",
        nargs="*",
        help="YAML file; folder, of which every *.yaml and *.yml is read, or what kustomize makes of it if it has a "
        "kustomization.yaml; - for standard input. All are judged together, as one cluster's objects",
    )
    added.add_argument(
        "--ignore", metavar="RULE", action="append", default=[], help="a rule not to apply; may be repeated"
    )
    added.add_argument("--rules", action="store_true", help="list all rules and read nothing")
    added.add_argument("--json", action="store_true", help="print one JSON document")
    added.set_defaults(command="k8s.lint:lint")

"""The arguments of `tokenlake k8s …`, with the examples of their `--help`. One function for each subcommand."""

import argparse

from jobs.arguments.k8s_runs import add_backfill, add_logs, add_report, add_run, add_status
from jobs.arguments.shared import add_command
from jobs.arguments.words_after_dashes import ParserWithRest


def add_k8s(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `k8s` and its subcommands; each sets `command`, the `module:function` below `jobs.commands`."""
    about = "jobs on Kubernetes: make and check manifests, start runs, see how they stand"
    added = commands.add_parser(
        "k8s",
        help=about,
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=(
            "examples:\n"
            "  tokenlake k8s render k8s/overlays/dev/values.yaml | kubectl apply -f -\n"
            "  tokenlake k8s lint k8s/overlays/prod\n"
            "  tokenlake k8s run pipeline -n tokenlake-dev --follow\n"
            "  tokenlake k8s status -n tokenlake-dev\n"
        ),
    )
    parsers: type[argparse.ArgumentParser] = ParserWithRest
    subcommands = added.add_subparsers(metavar="SUBCOMMAND", required=True, parser_class=parsers)
    _add_render(subcommands)
    _add_lint(subcommands)
    add_run(subcommands)
    add_backfill(subcommands)
    add_status(subcommands)
    add_logs(subcommands)
    add_report(subcommands)


def _add_render(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    added = add_command(
        subcommands,
        "render",
        "make all manifests of a site from one file of values",
        "  tokenlake k8s render k8s/overlays/dev/values.yaml\n"
        "  tokenlake k8s render my-site/values.yaml --set image=registry/spark@sha256:… | kubectl apply -f -\n"
        "  tokenlake k8s render k8s/overlays/prod/values.yaml --write\n"
        "  tokenlake k8s render --defaults\n",
    )
    added.add_argument("values", metavar="VALUES", nargs="?", help="YAML file; docs/reference/kubernetes-values.md")
    added.add_argument(
        "--set", metavar="K=V", action="append", default=[], help="override a value, e.g. namespace=mine"
    )
    added.add_argument(
        "--write",
        action="store_true",
        help="write the kustomize overlay into the folder of VALUES instead, for `kubectl apply -k` and GitOps",
    )
    added.add_argument("--defaults", action="store_true", help="print all values as they are when no file names them")
    added.set_defaults(command="k8s.render:render")


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

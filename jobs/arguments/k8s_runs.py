"""The arguments of the commands of `tokenlake k8s` that speak to a cluster. One function for each."""

import argparse

from jobs.arguments.numbers import positive
from jobs.arguments.shared import add_command
from jobs.arguments.words_after_dashes import ParserWithRest


def add_run(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `run`."""
    added = add_command(
        subcommands,
        "run",
        "start one run of a job now, from its schedule in the cluster; with --date, of one day",
        "  tokenlake k8s run pipeline -n tokenlake-dev --follow\n"
        "  tokenlake k8s run ingest -n tokenlake --date 2026-11-20 --wait\n"
        "  tokenlake k8s run materialize -n tokenlake -- term_glossary --again\n"
        "  tokenlake k8s run command -n tokenlake -- retract s3://bucket/lake --doc-id 0f3c…\n"
        "  tokenlake k8s run clean -n tokenlake --dry-run\n",
    )
    added.add_argument("job", metavar="JOB", help="ingest, clean, …; pipeline for all stages; command for any command")
    assert isinstance(added, ParserWithRest)
    added.rest = "extra"
    added.usage = "%(prog)s JOB [--date DAY] [--wait | --follow] [-n NAME] [--dry-run] [-- ARGUMENT ...]"
    added.add_argument(
        "--date", metavar="DAY", help="2026-11-20: read what the sources have of that day (ingest, pipeline)"
    )
    added.add_argument("--wait", action="store_true", help="until the run ends; exit status 1 if it failed")
    added.add_argument("--follow", action="store_true", help="as --wait, and print the log of its driver")
    added.add_argument("--timeout", metavar="MINUTES", type=positive, help="wait no longer; the run goes on")
    added.add_argument("--dry-run", action="store_true", help="print the manifest, and create nothing")
    _add_cluster(added)
    added.set_defaults(command="k8s.run:run")


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--namespace", metavar="NAME", help="where the jobs are (default: the context's)")
    parser.add_argument("--context", metavar="NAME", help="of the kubeconfig (default: the current one)")


def add_backfill(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `backfill`."""
    added = add_command(
        subcommands,
        "backfill",
        "run a job for each day of a range, but for the days that are done; the same command continues it",
        "  tokenlake k8s backfill pipeline 2026-11-01..2026-11-20 -n tokenlake\n"
        "  tokenlake k8s backfill ingest 2026-11-01..2026-11-20 --parallel 3 --keep-going\n"
        "  tokenlake k8s backfill ingest 2026-11-07 --again --follow\n"
        "  tokenlake k8s backfill ingest 2026-11-01..2026-11-20 --dry-run\n",
    )
    added.add_argument("job", metavar="JOB", choices=("ingest", "pipeline"), help="ingest, or pipeline for all stages")
    added.add_argument("days", metavar="D1..D2", help="first and last day, such as 2026-11-01..2026-11-20; or one day")
    added.add_argument(
        "--parallel",
        metavar="N",
        type=positive,
        default=1,
        help="days at a time (default: 1). On one lake one run works at a time, and the others wait for their turn",
    )
    added.add_argument("--again", action="store_true", help="also the days that are done")
    added.add_argument("--keep-going", action="store_true", help="go on after a day failed (default: stop there)")
    added.add_argument("--follow", action="store_true", help="print the logs of the drivers; needs --parallel 1")
    added.add_argument("--lake", metavar="URI", help="where this machine finds the lake (default: as the job)")
    added.add_argument("--dry-run", action="store_true", help="print what would be done for each day")
    _add_cluster(added)
    added.set_defaults(command="k8s.backfill:backfill")


def add_status(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `status`."""
    added = add_command(
        subcommands,
        "status",
        "show the last and the next run of each job, what is late, and what hinders it; exit status 1 if something is "
        "late or failed",
        "  tokenlake k8s status -n tokenlake\n"
        "  tokenlake k8s status ingest clean -n tokenlake --lake s3://bucket/lake\n"
        "  tokenlake k8s status -n tokenlake --json\n",
    )
    added.add_argument("jobs", metavar="JOB", nargs="*", help="only these")
    added.add_argument("--lake", metavar="URI", help="where this machine finds the lake (default: as the jobs)")
    added.add_argument("--no-lake", action="store_true", help="do not read the lake's table `runs`")
    added.add_argument("--json", action="store_true", help="print one JSON document")
    _add_cluster(added)
    added.set_defaults(command="k8s.status:status")


def add_logs(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `logs`."""
    added = add_command(
        subcommands,
        "logs",
        "print the log of the newest run of a job, or of one run",
        "  tokenlake k8s logs ingest -n tokenlake\n"
        "  tokenlake k8s logs tokenlake-ingest-2026-11-20-x7k2f --follow\n"
        "  tokenlake k8s logs dedup --executors --json | jq 'select(.event == \"error\")'\n",
    )
    added.add_argument("name", metavar="JOB|RUN", help="a job, whose newest run is meant, or the name of a run")
    added.add_argument("--executors", action="store_true", help="the logs of the executors that are still there")
    added.add_argument("--previous", action="store_true", help="of the containers before their last restart")
    added.add_argument("--follow", action="store_true", help="until the run ends; exit status 1 if it failed")
    added.add_argument("--json", action="store_true", help="lines as they were written, events as JSON objects")
    _add_cluster(added)
    added.set_defaults(command="k8s.logs:logs")


def add_report(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `report`."""
    added = add_command(
        subcommands,
        "report",
        "fetch the report of the lake through the cluster, also where only pods reach the object store",
        "  tokenlake k8s report -n tokenlake-dev --output report.html\n",
    )
    added.add_argument("--output", metavar="FILE", default="report.html", help="where to write (default: report.html)")
    added.add_argument("--timeout", metavar="MINUTES", type=positive, default=5, help="for the pod (default: 5)")
    _add_cluster(added)
    added.set_defaults(command="k8s.report:report")

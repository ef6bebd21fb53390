"""Arguments of `tokenlake metrics`."""

import argparse

from jobs.arguments.numbers import not_negative
from jobs.arguments.shared import add_command, add_lake, add_online

EVERY = 60.0
"""Seconds between two readings of a lake that is served."""


def add_metrics(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `metrics`."""
    added = add_command(
        commands,
        "metrics",
        "write figures of a lake for Prometheus: tables, runs, sources, features, checks; reads logs and small tables",
        "  tokenlake metrics lakes/mine\n"
        "  tokenlake metrics lakes/mine --textfile /var/lib/prometheus/node-exporter/tokenlake.prom\n"
        "  tokenlake metrics s3://bucket/lake --serve 0.0.0.0:9400 --every 120\n",
    )
    add_lake(added)
    where = added.add_mutually_exclusive_group()
    where.add_argument(
        "--textfile",
        metavar="FILE.prom",
        help="write into a file, in one step, for the textfile collector of Prometheus' node exporter",
    )
    where.add_argument(
        "--serve",
        metavar="[HOST:]PORT",
        type=_listening,
        help="serve /metrics and /healthz over HTTP until the process is ended (default host: 127.0.0.1)",
    )
    added.add_argument(
        "--every",
        metavar="SECONDS",
        type=not_negative,
        default=EVERY,
        help=f"with --serve: read the lake at most this often (default: {EVERY:.0f})",
    )
    added.add_argument(
        "--kubernetes",
        metavar="NAMESPACE",
        help="in a pod: also figures of the Spark applications of this namespace",
    )
    add_online(added)
    added.set_defaults(command="metrics:metrics")


def _listening(text: str) -> tuple[str, int]:
    """`PORT` or `HOST:PORT`; the address of IPv6 in brackets."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r} is no place to listen at: PORT or HOST:PORT, such as 0.0.0.0:9400")
    return host.strip("[]") or "127.0.0.1", int(port)

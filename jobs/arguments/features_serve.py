"""The arguments of `tokenlake features serve` and `tokenlake features keys …`."""

import argparse

from jobs.arguments.shared import add_command, add_lake, add_online


def add_serve(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The subcommand `serve`."""
    added = add_command(
        subcommands,
        "serve",
        "serve lookups over HTTP and gRPC, with Feast's requests and answers",
        "  tokenlake features serve lakes/quickstart\n"
        "  tokenlake features serve lakes/mine --online valkey://127.0.0.1:6379/0 --workers 4\n"
        "  tokenlake features keys add lakes/mine gateway --scope translation_request --rate 500\n"
        "  tokenlake features serve lakes/mine --host 0.0.0.0\n"
        "\n"
        '  curl -d \'{"feature_service": "mixture", "entities": {"source": ["python-help"]}}\' \\\n'
        "    http://127.0.0.1:6566/get-online-features\n",
    )
    add_lake(added)
    add_online(added)
    where = added.add_argument_group("where it listens")
    where.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    where.add_argument("--port", type=_port, default=6566, help="of HTTP; 0 takes a free one (default: 6566)")
    where.add_argument("--grpc-port", type=_port, default=6567, help="of gRPC; 0 takes a free one (default: 6567)")
    where.add_argument("--no-grpc", action="store_true", help="serve HTTP only")
    where.add_argument("--workers", type=_count, default=1, help="processes that serve (default: 1)")
    keys = added.add_argument_group("who may ask")
    keys.add_argument("--keys", metavar="FILE", help="API keys (default: LAKE/features/keys.json, if it exists)")
    keys.add_argument("--no-auth", action="store_true", help="ask for no key, whatever the address")
    keys.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="MODULE",
        help="package whose functions the plan in the store may name, besides features.catalogue; may be repeated",
    )
    limits = added.add_argument_group("limits")
    limits.add_argument(
        "--timeout", type=_seconds, default=1.0, metavar="SECONDS", help="of a request, at most (default: 1)"
    )
    limits.add_argument("--max-entities", type=_count, default=5_000, help="of a request (default: 5000)")
    limits.add_argument("--max-features", type=_count, default=1_000, help="of a request (default: 1000)")
    limits.add_argument("--max-body", type=_count, default=8 << 20, metavar="BYTES", help="(default: 8 MiB)")
    limits.add_argument(
        "--max-in-flight", type=_count, default=1_000, help="requests at once, for each worker (default: 1000)"
    )
    limits.add_argument(
        "--drain",
        type=_not_negative,
        default=0.0,
        metavar="SECONDS",
        help="after a signal to stop, go on accepting this long while /ready says no (default: 0)",
    )
    limits.add_argument(
        "--refresh",
        type=_seconds,
        default=2.0,
        metavar="SECONDS",
        help="between two looks for a new plan in the store (default: 2)",
    )
    logs = added.add_argument_group("logs")
    logs.add_argument("--access-log", action="store_true", help="a line for each request, on standard error")
    logs.add_argument("--log-json", action="store_true", help="events as JSON, one object a line")
    logs.add_argument(
        "--sample-requests",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="of the entities, whose requests are logged for `tokenlake features check`: 0 to 1 (default: 0)",
    )
    logs.add_argument("--request-log", metavar="DIR", help="where to (default: LAKE/features/requests)")
    added.set_defaults(command="features.serve:serve")


def add_keys(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The subcommand `keys` with its own subcommands."""
    about = "make, list and revoke the API keys of the feature server"
    added = subcommands.add_parser("keys", help=about, description=about)
    actions = added.add_subparsers(metavar="ACTION", required=True)
    make = add_command(
        actions,
        "add",
        "make a key and print it; it is shown once, the file keeps a hash",
        "  tokenlake features keys add lakes/mine gateway --scope translation_request --scope push\n"
        "  tokenlake features keys add lakes/mine notebook --scope '*' --rate 50 --burst 100\n",
    )
    _add_file(make)
    make.add_argument("name", metavar="NAME", help="whose key it is")
    make.add_argument(
        "--scope",
        action="append",
        required=True,
        help="a feature service, `*` for all of them and for features by name, or `push`; may be repeated",
    )
    make.add_argument("--rate", type=float, metavar="N", help="requests per second (default: no limit)")
    make.add_argument("--burst", type=float, metavar="N", help="requests at once (default: those of a second)")
    make.set_defaults(command="features.keys:add")
    shown = add_command(
        actions, "list", "list the keys, without secrets", "  tokenlake features keys list lakes/mine\n"
    )
    _add_file(shown)
    shown.set_defaults(command="features.keys:show")
    gone = add_command(
        actions,
        "revoke",
        "make keys invalid; running servers see it within a second",
        "  tokenlake features keys revoke lakes/mine gateway\n",
    )
    _add_file(gone)
    gone.add_argument("name", metavar="NAME", help="name or id of the key; a name means all keys of that name")
    gone.set_defaults(command="features.keys:revoke")


def _add_file(parser: argparse.ArgumentParser) -> None:
    add_lake(parser)
    parser.add_argument("--keys", metavar="FILE", help="the file (default: LAKE/features/keys.json)")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return port


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("a number of 1 or more")
    return count


def _seconds(text: str) -> float:
    seconds = _not_negative(text)
    if seconds == 0:
        raise argparse.ArgumentTypeError("a number above 0")
    return seconds


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError("a number that is not negative")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share is between 0 and 1")
    return share

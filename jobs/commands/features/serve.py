"""`tokenlake features serve`: the feature server."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.commands.features.key_file import key_file
from jobs.commands.features.online_store import online_store
from jobs.progress import Reporter
from pipelines.errors import MisuseError
from pipelines.storage.uri import is_local, lake_root

if TYPE_CHECKING:
    from features.server.process import Ports
    from features.server.settings import Settings


class MissingExtraError(MisuseError, ImportError):
    """The server needs packages that are not installed."""


def serve(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Serves until a signal says stop; exit status 0 then."""
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # of another program: metrics of both would be added up
    try:
        from features.server.log import Log
        from features.server.process import run
        from features.server.workers import run_workers
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("features", "jobs", "lake", "pipelines"):
            raise
        raise MissingExtraError(
            f"the feature server needs {error.name}, which is not installed: pip install 'tokenlake[serve]'"
        ) from error
    settings = _settings(arguments)

    def announce(ports: "Ports") -> None:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        grpc = "" if ports.grpc is None else f", gRPC at {host}:{ports.grpc}"
        keys = "no API keys" if settings.keys is None else f"API keys of {settings.keys}"
        reporter.event(
            "serving",
            f"serving features of {settings.address} at http://{host}:{ports.http}{grpc}; {keys}",
            host=settings.host,
            port=ports.http,
            grpc_port=ports.grpc,
            store=str(settings.address),
            workers=settings.workers,
        )

    start = run if settings.workers == 1 else run_workers
    start(settings, Log(settings.log_json), announce)
    return 0


def _settings(arguments: argparse.Namespace) -> "Settings":
    from features.online.base import TRUSTED_MODULES
    from features.server.settings import Limits, Settings

    is_sampled = arguments.sample_requests > 0
    return Settings(
        online_store(arguments),
        host=arguments.host,
        port=arguments.port,
        grpc_port=None if arguments.no_grpc else arguments.grpc_port,
        keys=_keys(arguments),
        lake=lake_root(arguments.lake),
        limits=Limits(
            body_bytes=arguments.max_body,
            entities=arguments.max_entities,
            features=arguments.max_features,
            in_flight=arguments.max_in_flight,
        ),
        timeout=arguments.timeout,
        drain=arguments.drain,
        plan_interval=arguments.refresh,
        workers=arguments.workers,
        trusted_modules=(*TRUSTED_MODULES, *arguments.trust),
        sample=arguments.sample_requests,
        request_log=_request_log(arguments) if is_sampled else None,
        access_log=arguments.access_log,
        log_json=arguments.log_json,
    )


def _keys(arguments: argparse.Namespace) -> str | None:
    """The file of keys; None without authentication.

    Raises:
        ServerSettingsError: without keys, and not told so, the server would answer other machines.
    """
    from features.server.settings import ServerSettingsError, is_loopback

    if arguments.no_auth:
        return None
    if arguments.keys or is_local(arguments.lake):
        file = key_file(arguments)
        if arguments.keys or Path(file).exists():
            return file
    if is_loopback(arguments.host):
        return None
    raise ServerSettingsError(
        f"on {arguments.host} other machines could ask without an API key: make one with `tokenlake features keys add "
        f"{arguments.lake} NAME --scope SERVICE`, or say --no-auth"
    )


def _request_log(arguments: argparse.Namespace) -> str:
    """The folder of logged requests.

    Raises:
        ServerSettingsError: the lake is no local folder, and nothing names one.
    """
    from features.server.settings import ServerSettingsError

    if arguments.request_log:
        return str(Path(arguments.request_log).absolute())
    if not is_local(arguments.lake):
        raise ServerSettingsError(f"{arguments.lake} is no local folder: name one with --request-log DIR")
    return f"{lake_root(arguments.lake)}/features/requests"

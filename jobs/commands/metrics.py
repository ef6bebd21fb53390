"""`tokenlake metrics`: figures of a lake for Prometheus."""

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.commands.features.online_store import online_store
from jobs.commands.lake_session import existing
from jobs.failures import explain_failure
from jobs.metrics.collect import figures
from jobs.metrics.exposition import not_read, text
from jobs.metrics.metric import Sample
from jobs.progress import Reporter
from pipelines.errors import MissingPathError
from pipelines.storage.uri import is_local, lake_root

if TYPE_CHECKING:
    from features.store.address import Address


def metrics(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints the figures, writes them into a file, or serves them.

    Raises:
        MissingPathError: there is no lake. A server goes on: the lake may come, or its store be back soon.
        NoClusterError: --kubernetes was given outside of a pod.
    """
    root = lake_root(arguments.lake)

    def read() -> list[Sample]:
        return figures(existing(arguments.lake), _online(arguments))

    of_cluster = _of_cluster(arguments.kubernetes, reporter)
    if arguments.serve:
        return _serve(arguments, root, read, of_cluster, reporter)
    if arguments.textfile:
        return _write(Path(arguments.textfile), root, lambda: [*read(), *of_cluster()])
    print(text([*read(), *of_cluster()], root), end="")
    return 0


def _online(arguments: argparse.Namespace) -> "Address | None":
    """The online store that is named, or that of the lake; None if it has none."""
    from features.store.address import VARIABLE, SqliteAddress

    if not (arguments.online or os.environ.get(VARIABLE) or is_local(arguments.lake)):
        return None
    address = online_store(arguments)
    return None if isinstance(address, SqliteAddress) and not os.path.exists(address.path) else address


def _of_cluster(namespace: str | None, reporter: Reporter) -> Callable[[], Sequence[Sample]]:
    if not namespace:
        return lambda: ()
    from jobs.metrics.kubernetes import Cluster
    from jobs.metrics.schedules import cluster_figures

    cluster = Cluster.of_this_pod()

    def read() -> Sequence[Sample]:
        found, problem = cluster_figures(cluster, namespace)
        if problem:
            reporter.event("cluster_not_read", f"tokenlake: {problem}", error=problem)
        return found

    return read


def _serve(
    arguments: argparse.Namespace,
    root: str,
    read: Callable[[], Sequence[Sample]],
    of_cluster: Callable[[], Sequence[Sample]],
    reporter: Reporter,
) -> int:
    from jobs.metrics.exporter import Readings, server

    def failed(error: Exception) -> None:
        message = explain_failure(error).message
        reporter.event("not_read", f"tokenlake: {root} could not be read: {message}", lake=root, error=message)

    lake = Readings(read, arguments.every, failed)
    made = server(arguments.serve, root, lambda: [*lake.samples(), *of_cluster()])
    host, port = str(made.server_address[0]), made.server_address[1]
    written = f"[{host}]" if ":" in host else host
    reporter.event("listening", f"tokenlake: http://{written}:{port}/metrics", lake=root, host=host, port=port)
    with made:
        made.serve_forever()
    return 0


def _write(file: Path, root: str, read: Callable[[], Sequence[Sample]]) -> int:
    """Where the lake cannot be read, the file keeps its values and says so."""
    if not file.parent.is_dir():
        raise MissingPathError(f"{file.parent}: no such folder; the textfile collector reads {file.parent}/*.prom")
    try:
        found = text(read(), root)
    except MissingPathError:
        raise
    except Exception:
        _replace(file, not_read(file.read_text() if file.exists() else "", root))
        raise
    _replace(file, found)
    return 0


def _replace(file: Path, content: str) -> None:
    """In one step: a collector that reads meanwhile finds the old file, or the new one."""
    handle, made = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(content)
        os.chmod(made, 0o644)  # the collector is another user
        os.replace(made, file)
    except BaseException:
        os.unlink(made)
        raise

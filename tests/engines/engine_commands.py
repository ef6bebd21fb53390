"""`tokenlake run` on each engine, as real commands, and a real Spark Connect server for one of them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyspark

from jobs.engine.spark.session import JVM_OPTIONS

PROJECT = Path(__file__).resolve().parents[2]
SEPARATE_PROCESSES = "local-cluster[2,1,2048]"  # two executors, each a JVM of its own with one core and 2 GiB

# How each engine is asked for: arguments of the command, and its environment.
SAIL = ("--engine", "sail")
SPARK = ("--engine", "spark")
CONNECT = ("--engine", "connect")


def environment(**more: str) -> dict[str, str]:
    """This process's environment, without what it would tell Spark."""
    ours = ("PYSPARK", "SPARK", "TOKENLAKE", "PYTHONDONTWRITEBYTECODE")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return inherited | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable} | more


_ATTEMPTS = 3  # at a kill

Command = tuple[str, ...]
RUN: Command = ("run",)
FEATURES: Command = ("stage", "features")


def start(
    config: Path, lake: Path, engine: tuple[str, ...], remote: str = "", command: Command = RUN
) -> "subprocess.Popen[str]":
    """Starts a command; its process leads a session of its own."""
    more = {"TOKENLAKE_MASTER": SEPARATE_PROCESSES, "PYTHONPATH": str(PROJECT)}
    if engine == CONNECT:
        more["SPARK_REMOTE"] = remote
    return subprocess.Popen(
        [sys.executable, "-m", "jobs", *command, str(config), "--lake", str(lake), *engine, "--log-json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=environment(**more),
        start_new_session=True,
    )


def run(config: Path, lake: Path, engine: tuple[str, ...], remote: str = "", command: Command = RUN) -> None:
    """Runs all stages to their end, or another command."""
    process = start(config, lake, engine, remote, command)
    _, said = process.communicate()
    assert process.returncode == 0, said[-4000:]


class EndedFirstError(AssertionError):
    """A run ended before it could be killed."""


def kill_at_commit(
    config: Path, lake: Path, table: str, engine: tuple[str, ...], remote: str = "", command: Command = RUN
) -> None:
    """Starts a command and kills its processes, whatever they do, as soon as a version of the table is committed.

    Raises:
        EndedFirstError: the command ended before.
    """
    process = start(config, lake, engine, remote, command)
    log = lake / table / "_delta_log"
    before = set(log.glob("*.json"))
    while process.poll() is None and not set(log.glob("*.json")) - before:
        time.sleep(0.002)
    if process.poll() is not None:
        raise EndedFirstError(f"the run ended before it was killed: {process.communicate()[1][-2000:]}")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def copy_killed_at_commits(
    begun: Path, lake: Path, config: Path, tables: Sequence[str], engine: tuple[str, ...], remote: str = ""
) -> None:
    """Copies a lake, and kills a run on the copy at the commit of each table; anew if a run ends first, as it may on a
    busy machine."""
    for attempt in range(_ATTEMPTS):
        shutil.rmtree(lake, ignore_errors=True)
        shutil.copytree(begun, lake)
        try:
            for table in tables:
                kill_at_commit(config, lake, table, engine, remote)
            return
        except EndedFirstError:
            if attempt == _ATTEMPTS - 1:
                raise


def submit(name: str, *arguments: object, folder: Path, status: int = 0) -> "subprocess.CompletedProcess[str]":
    """`spark-submit jobs/NAME.py ARGUMENTS` from a folder that is not the checkout; it must end with the status."""
    # Three JVMs start and live for seconds: the optimising compiler would only take their cores.
    short_lived = JVM_OPTIONS["small"]
    command = [Path(sys.executable).with_name("spark-submit"), "--master", SEPARATE_PROCESSES]
    command += ["--driver-java-options", short_lived, "--conf", f"spark.executor.extraJavaOptions={short_lived}"]
    done = subprocess.run(
        [*command, PROJECT / f"jobs/{name}.py", *map(str, arguments)],
        cwd=folder,
        env=environment(PYTHONPATH=str(PROJECT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, f"{name}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """A Spark Connect server on classic Spark; gives its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    home = Path(pyspark.__file__).parent
    command = [home / "bin" / "spark-submit", "--master", "local[2]"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    settings = {
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    for key, value in settings.items():
        command += ["--conf", f"{key}={value}"]
    with open(folder / "connect.log", "w") as log:
        server = subprocess.Popen(
            [*map(str, command), "spark-internal"],
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment(PYTHONPATH=str(PROJECT)),
            start_new_session=True,
        )
    try:
        _wait_for(port, server, folder / "connect.log")
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, log.read_text()[-3000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(log.read_text()[-3000:])

"""A real S3 server on loopback: VersityGW over a folder, whose subfolders are buckets and whose files are objects."""

import os
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
OF_A_STORE = ("AWS_", "TOKENLAKE_S3")


class NoServerError(RuntimeError):
    """The server is not installed; the message says how to install it."""


@dataclass(frozen=True)
class Server:
    """A running server. `folder` holds a subfolder for each bucket, with a file for each object."""

    address: str
    folder: Path
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    def make_bucket(self, name: str) -> Path:
        """The folder of a new bucket."""
        (self.folder / name).mkdir()
        return self.folder / name

    def environment(self, address: str = "") -> dict[str, str]:
        """The settings with which programs find it, directly or through a proxy at `address`."""
        return {
            "AWS_ENDPOINT_URL": address or self.address,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }


@contextmanager
def running(folder: Path, host: str = "127.0.0.1", port: int | None = None) -> Iterator[Server]:
    """Starts the server with keys of its own, on a free port unless one is given, and ends it.

    Raises:
        NoServerError: it is not installed, or `host` is not an address of this machine.
    """
    program = shutil.which("versitygw", path=f"{PROJECT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        raise NoServerError("the S3 server is not installed: run `sh scripts/s3_server.sh`")
    data, beside = folder / "data", folder / "beside"
    data.mkdir(parents=True)
    beside.mkdir()
    place = f"{host}:{port or _free_port()}"
    server = Server(f"http://{place}", data, secrets.token_hex(10), secrets.token_hex(20))
    command = [program, "--port", place, "--region", "us-east-1", "--health", "/health", "--keep-alive"]
    keys = {"ROOT_ACCESS_KEY": server.access_key, "ROOT_SECRET_KEY": server.secret_key}
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen(
            [*command, "--quiet", "posix", str(data), "--sidecar", str(beside)],
            stdout=log,
            stderr=log,
            env={**os.environ, **keys},
            start_new_session=True,
        )
    try:
        _wait_for(f"{server.address}/health", process, folder / "server.log")
        yield server
    finally:
        process.kill()
        process.wait()


def without_store(environment: dict[str, str]) -> dict[str, str]:
    """An environment without the settings of any store."""
    return {name: value for name, value in environment.items() if not name.startswith(OF_A_STORE)}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise NoServerError(f"the S3 server did not start: {log.read_text()[-2000:]}")

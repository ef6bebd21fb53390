"""One S3 server for all tests, and a bucket of its own for each."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import s3_server
from faulty_proxy import Proxy, between
from s3_server import Server

from pipelines.storage import object_files


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """VersityGW on a free port; this process, and those that it starts, find it through the environment."""
    before = dict(os.environ)
    with s3_server.running(tmp_path_factory.mktemp("s3")) as found:
        _set(s3_server.without_store(before) | found.environment())
        yield found
    _set(before)


@dataclass(frozen=True)
class Bucket:
    """An empty bucket, and the folder where its objects lie as files."""

    name: str
    folder: Path

    def uri(self, key: str) -> str:
        """The location of an object or of a lake."""
        return f"s3://{self.name}/{key}"


def new_bucket(server: Server) -> Bucket:
    """A bucket that stays until the server ends."""
    name = f"b-{uuid.uuid4().hex[:12]}"
    return Bucket(name, server.make_bucket(name))


@pytest.fixture
def bucket(server: Server) -> Iterator[Bucket]:
    """Of this test alone."""
    made = new_bucket(server)
    yield made
    shutil.rmtree(made.folder)


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """Between this process, with those that it starts, and the server."""
    before = dict(os.environ)
    with between(server.address) as found:
        _set(before | server.environment(found.address))
        yield found
        found.rule = lambda request: None
        _set(before)


@pytest.fixture
def settings(server: Server) -> Iterator[dict[str, str]]:
    """The environment of this process, to be changed by `set_environment`; it is restored afterwards."""
    before = dict(os.environ)
    yield before
    _set(before)


def set_environment(environment: dict[str, str]) -> None:
    """Makes this the environment of this process: stores that were opened under another are forgotten."""
    _set(environment)


def _set(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    object_files.store.cache_clear()
    tempfile.tempdir = None

"""The object store of the tests, as pods and as this process reach it."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.fs
import s3_server

SERVICE = "s3"
PORT = 9000


@dataclass(frozen=True)
class ObjectStore:
    """An S3-compatible store."""

    address: str  # for pods
    address_here: str  # for this process
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which programs on this machine find it."""
        return {
            "AWS_ENDPOINT_URL": self.address_here,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
        }

    def new_bucket(self) -> "Bucket":
        """An empty bucket, which stays."""
        name = f"tokenlake-test-{uuid.uuid4().hex[:8]}"
        files = pyarrow.fs.S3FileSystem(
            access_key=self.access_key,
            secret_key=self.secret_key,
            endpoint_override=self.address_here,
            region="us-east-1",
            allow_bucket_creation=True,
        )
        files.create_dir(name)
        return Bucket(name, files)


@dataclass(frozen=True)
class Bucket:
    """A bucket, whose objects are addressed by their keys."""

    name: str
    files: pyarrow.fs.S3FileSystem

    def upload(self, folder: Path, key: str) -> None:
        """Puts the files of a folder below a key."""
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            with self.files.open_output_stream(f"{self.name}/{key}/{path.relative_to(folder)}") as stream:
                stream.write(path.read_bytes())

    def download(self, key: str, folder: Path) -> Path:
        """Writes the objects below a key into a new folder, which is returned."""
        for entry in self._below(key):
            target = folder / Path(entry.path).relative_to(Path(self.name, key))
            target.parent.mkdir(parents=True, exist_ok=True)
            with self.files.open_input_stream(entry.path) as stream:
                target.write_bytes(stream.read())
        return folder

    def keys(self, key: str) -> set[str]:
        """Of all objects below a key."""
        return {entry.path.removeprefix(f"{self.name}/") for entry in self._below(key)}

    def _below(self, key: str) -> list[pyarrow.fs.FileInfo]:
        selector = pyarrow.fs.FileSelector(f"{self.name}/{key}", recursive=True, allow_not_found=True)
        return [each for each in self.files.get_file_info(selector) if each.type == pyarrow.fs.FileType.File]


def named_by_environment() -> ObjectStore | None:
    """The store that TOKENLAKE_TEST_S3_ENDPOINT names, with the keys of the AWS variables; None if it names none."""
    address = os.environ.get("TOKENLAKE_TEST_S3_ENDPOINT")
    if not address:
        return None
    here = os.environ.get("TOKENLAKE_TEST_S3_ENDPOINT_HERE", address)
    return ObjectStore(address, here, os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])


@contextlib.contextmanager
def on_this_machine(folder: Path, service_address: str, namespace: str) -> Iterator[ObjectStore]:
    """VersityGW at the address of a Service: where the cluster runs in this machine's network, the address is ours.

    Raises:
        RuntimeError: the cluster runs elsewhere; the message says how to name a store.
    """
    try:
        with s3_server.running(folder, service_address, PORT) as server:
            name = f"http://{SERVICE}.{namespace}.svc:{PORT}"
            yield ObjectStore(name, server.address, server.access_key, server.secret_key)
    except s3_server.NoServerError as error:
        raise RuntimeError(
            f"no S3 server for the cluster's pods: {error}\nSet TOKENLAKE_TEST_S3_ENDPOINT to a store that pods "
            "reach, TOKENLAKE_TEST_S3_ENDPOINT_HERE if this machine reaches it at another address, and "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from error

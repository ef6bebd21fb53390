"""The object store of the tests, as pods and as this process reach it."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import obstore
import obstore.store
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
        keys = {"access_key": self.access_key, "secret_key": self.secret_key, "region": "us-east-1"}
        pyarrow.fs.S3FileSystem(**keys, endpoint_override=self.address_here, allow_bucket_creation=True).create_dir(
            name
        )
        store = obstore.store.S3Store(
            name,
            endpoint=self.address_here,
            access_key_id=self.access_key,
            secret_access_key=self.secret_key,
            region="us-east-1",
            client_options={"allow_http": True},
        )
        return Bucket(name, store)


@dataclass(frozen=True)
class Bucket:
    """A bucket, whose objects are addressed by their keys."""

    name: str
    store: obstore.store.S3Store

    def upload(self, folder: Path, key: str) -> None:
        """Puts the files of a folder below a key."""
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            obstore.put(self.store, f"{key}/{path.relative_to(folder)}", path.read_bytes())

    def download(self, key: str, folder: Path) -> Path:
        """Writes the objects below a key into a new folder, which is returned."""
        for name in self.keys(key):
            target = folder / Path(name).relative_to(key)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(bytes(obstore.get(self.store, name).bytes()))
        return folder

    def keys(self, key: str) -> set[str]:
        """Of all objects below a key."""
        return {each["path"] for page in obstore.list(self.store, f"{key}/") for each in page}

    def has(self, key: str) -> bool:
        """Whether there is an object of this key."""
        try:
            obstore.head(self.store, key)
        except FileNotFoundError:
            return False
        return True


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

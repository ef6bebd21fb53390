"""`LakeUri`: a local path or a URI, in the one spelling that all parts of the program use.

Nothing else in the program looks into the text of a location.
"""

import os
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import MisuseError

OBJECT_STORES = frozenset({"s3", "gs", "abfss", "az"})
"""Schemes whose files are objects: written whole, created by a conditional put, without real folders."""

LAKES = OBJECT_STORES | {"hdfs", "memory"}
"""Schemes under which a lake can lie, besides local paths."""

_SAME = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfs": "abfss", "azure": "az"}  # other names of a scheme
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://(.*)", re.DOTALL)
_ONE_SLASH = re.compile(r"(file|dbfs|hdfs|s3a?|s3n|gc?s|abfss?|az):(/.*)", re.DOTALL | re.IGNORECASE)
_NO_SLASH = re.compile(r"(s3a?|s3n|gc?s|abfss?|az|hdfs):(?!/)", re.IGNORECASE)
_SECRET = re.compile(r"[^/@]*:[^/@]*@")
_NO_LAKE = re.compile(r"[%?#\[\]\\^|]|//")  # delta-rs writes the tables of such a prefix to another one, or panics
_DATABRICKS = "/dbfs"  # where Databricks mounts `dbfs:` on every machine of a cluster


class LocationError(MisuseError, ValueError):
    """A location that this program cannot use; the message says what to write instead."""


@dataclass(frozen=True)
class LakeUri:
    """A location.

    `scheme` is empty for a local path, which `rest` holds as an absolute one; else `rest` is what follows `scheme://`,
    without a slash at its end. `chain` marks fsspec's chained form (`zip://a.txt::s3://b/c.zip`), kept as it is.
    """

    scheme: str
    rest: str
    chain: bool = False

    @staticmethod
    def parse(text: str) -> "LakeUri":
        """The location that a user has written.

        A relative path starts from the working directory; `~` is the home directory. `file:` and, on Databricks,
        `dbfs:` are local paths. Any other scheme is kept: fsspec may know it.

        Raises:
            LocationError: no bucket or host, a secret in the URI, `dbfs:` elsewhere, or one slash where two belong.
        """
        if _is_chain(text):
            return LakeUri("", text, chain=True)
        found = _URI.match(text)
        if found:
            scheme = found[1].lower()
            return _local(scheme, found[2]) or _remote(text, _SAME.get(scheme, scheme), found[2])
        short = _ONE_SLASH.match(text)
        if short:
            scheme = short[1].lower()
            known = _local(scheme, short[2])
            if known:
                return known
            raise LocationError(f"{text}: write two slashes after {short[1]}:, as in {short[1]}://NAME/folder")
        return LakeUri("", os.path.abspath(os.path.expanduser(text)))

    def __str__(self) -> str:
        return self.rest if not self.scheme else f"{self.scheme}://{self.rest}"

    @property
    def is_local(self) -> bool:
        """Whether it is a path of this machine."""
        return not self.scheme and not self.chain

    @property
    def is_object(self) -> bool:
        """Whether it lies on an object store."""
        return self.scheme in OBJECT_STORES

    @property
    def is_s3(self) -> bool:
        """Whether it lies on S3 or a store that speaks its protocol."""
        return self.scheme == "s3"

    @property
    def bucket(self) -> str:
        """Bucket, container or host of a URI."""
        return self.rest.partition("/")[0]

    @property
    def key(self) -> str:
        """What follows the bucket, without a slash at either end."""
        return self.rest.partition("/")[2].strip("/")

    @property
    def path(self) -> Path:
        """The path of a local one.

        Raises:
            LocationError: it is not local.
        """
        if not self.is_local:
            raise LocationError(f"{self}: must be a path of this machine")
        return Path(self.rest)

    @property
    def resolved(self) -> "LakeUri":
        """Without symbolic links, so that two names of a folder are one."""
        return LakeUri("", os.path.realpath(self.rest)) if self.is_local else self

    @property
    def for_spark(self) -> str:
        """As Hadoop's file systems name it."""
        return f"s3a://{self.rest}" if self.scheme == "s3" else str(self)

    def is_within(self, folder: "LakeUri") -> bool:
        """Whether it is a folder, or lies below it, symbolic links followed."""
        inner, outer = str(self.resolved).rstrip("/"), str(folder.resolved).rstrip("/")
        return inner == outer or inner.startswith(f"{outer}/")

    def __truediv__(self, name: str) -> "LakeUri":
        """The file or folder `name` below it; `name` may hold slashes."""
        return LakeUri(self.scheme, f"{self.rest.rstrip('/')}/{name}", self.chain)


def is_uri(text: str) -> bool:
    """Whether a location is written as a URI, not as a path that may be relative."""
    return _is_chain(text) or _URI.match(text) is not None or _ONE_SLASH.match(text) is not None


def beside(folder: str, name: str) -> str:
    """A location that a file in `folder` names: a relative path starts from there; an empty folder is none."""
    if not folder or is_uri(name):
        return name
    if not is_uri(folder):
        return os.path.join(folder, name)
    uri = LakeUri.parse(folder)
    if uri.is_local or name.startswith("/"):
        return os.path.normpath(os.path.join(str(uri) if uri.is_local else "/", name))
    return str(LakeUri(uri.scheme, posixpath.normpath(f"{uri.rest}/{name}")))


def normalized(root: str, path: str) -> str:
    """The location of a path below a folder or URI, in which `..` is followed."""
    scheme, mark, folder = root.rpartition("://")
    return scheme + mark + posixpath.normpath(f"{folder}/{path}")


def is_local(text: str) -> bool:
    """Whether a location is a path of this machine."""
    return LakeUri.parse(text).is_local


def canonical(text: str) -> str:
    """A location in its one spelling."""
    return str(LakeUri.parse(text))


def lake_root(text: str) -> str:
    """The root of a lake in its one spelling.

    Raises:
        LocationError: no lake can lie there.
    """
    if short := _NO_SLASH.match(text):
        raise LocationError(f"{text}: write two slashes after {short[1]}:, or ./{text} for a folder of that name")
    found = LakeUri.parse(text).resolved
    if not found.is_local and found.scheme not in LAKES:
        known = ", ".join(f"{scheme}://" for scheme in sorted(LAKES - {"memory"}))
        raise LocationError(f"{text}: a lake lies in a folder or under {known}")
    if found.is_object and (unfit := _NO_LAKE.search(found.rest)):
        raise LocationError(f"{text}: no lake can lie under a prefix with {unfit[0]}; name another")
    return str(found)


def _is_chain(text: str) -> bool:
    return "::" in text and "://" in text


def _local(scheme: str, rest: str) -> LakeUri | None:
    """`file:` and `dbfs:` as paths; None for other schemes."""
    if scheme == "file":
        host, slash, path = rest.lstrip("/").partition("/") if rest.startswith("//") else ("", "/", rest.lstrip("/"))
        return LakeUri("", os.path.abspath(f"/{host}{slash if host else ''}{path}"))
    if scheme != "dbfs":
        return None
    if not os.path.isdir(_DATABRICKS):
        raise LocationError(
            f"dbfs:{rest}: {_DATABRICKS} is not mounted on this machine; dbfs: names files of a Databricks workspace"
        )
    return LakeUri("", os.path.abspath(f"{_DATABRICKS}/{rest.lstrip('/')}"))


def _remote(text: str, scheme: str, rest: str) -> LakeUri:
    if _SECRET.match(rest):
        host = rest.partition("@")[2]
        raise LocationError(
            f"{scheme}://…@{host}: no password may stand in a URI, since URIs are stored and printed; set the "
            "environment variables of the store instead (docs/how-to/object-stores.md)"
        )
    found = LakeUri(scheme, rest if scheme.startswith("http") else rest.rstrip("/"))
    if scheme in OBJECT_STORES and not found.bucket:
        raise LocationError(f"{text}: names no bucket; write {scheme}://BUCKET/folder")
    return found

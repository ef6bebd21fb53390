"""Before a driver starts: makes the folder of Spark's event log on an object store, where S3A refuses a missing one.

    python -m jobs.engine.spark.event_log ARGUMENTS-OF-SPARK-SUBMIT…

The image's entry point runs it. Folders that are not on an object store are Spark's own affair.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipelines.errors import TokenlakeError

_ENABLED, _FOLDER = "spark.eventLog.enabled", "spark.eventLog.dir"
_ENDPOINT, _REGION = "spark.hadoop.fs.s3a.endpoint", "spark.hadoop.fs.s3a.endpoint.region"


def submitted_settings(arguments: Sequence[str]) -> dict[str, str]:
    """Settings of Spark among the arguments of spark-submit: of `--properties-file`, then of `--conf`, which wins.

    Raises:
        OSError: the properties file cannot be read.
    """
    given: dict[str, str] = {}
    file = ""
    following = iter(arguments)
    for argument in following:
        name, _, value = argument.partition("=")
        if name in ("--properties-file", "--conf", "-c"):
            value = value or next(following, "")
        if name == "--properties-file":
            file = value
        elif name in ("--conf", "-c"):
            key, _, value = value.partition("=")
            given[key.strip()] = value.strip()
    read = dict(properties(Path(file).read_text())) if file else {}
    return {**read, **given}


def properties(content: str) -> Iterator[tuple[str, str]]:
    """Names and values of a Java properties file, as Spark on Kubernetes writes it.

    The format: docs.oracle.com, java.util.Properties.load; of its escapes, those of single characters.
    """
    for line in re.sub(r"\\\r?\n[ \t]*", "", content).splitlines():
        found = re.match(r"\s*([^#!\s](?:\\.|[^\\\s=:])*)\s*[=:\s]\s*(.*)", line)
        if found:
            yield re.sub(r"\\(.)", r"\1", found[1]), re.sub(r"\\(.)", r"\1", found[2])


def make_folder(settings: Mapping[str, str]) -> str | None:
    """Makes the folder of the event log, if it is enabled and on an object store; returns its location then.

    The store is the one of the environment; if that names none, the one that Spark's settings name.

    Raises:
        StorageError: the store refuses.
    """
    if settings.get(_ENABLED, "false").lower() != "true":
        return None
    from pipelines.storage.environment import endpoint
    from pipelines.storage.storage import Storage
    from pipelines.storage.uri import LakeUri

    location = LakeUri.parse(settings.get(_FOLDER, ""))
    if not location.is_object:
        return None
    if endpoint() is None and settings.get(_ENDPOINT):
        os.environ["AWS_ENDPOINT_URL"] = _address(settings)
    if settings.get(_REGION):
        os.environ.setdefault("AWS_REGION", settings[_REGION])
    # An object below the folder makes it exist; the History Server passes over names that begin with a point.
    Storage(str(location)).write_bytes(".folder", b"")
    return str(location)


def _address(settings: Mapping[str, str]) -> str:
    """S3A's endpoint may be written without the scheme."""
    address = settings[_ENDPOINT]
    if "://" in address:
        return address
    secure = settings.get("spark.hadoop.fs.s3a.connection.ssl.enabled", "true").lower() == "true"
    return f"http{'s' if secure else ''}://{address}"


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 with one line when the store refuses: the driver would fail on it later, and say less."""
    try:
        make_folder(submitted_settings(arguments))
    except (TokenlakeError, OSError) as error:
        print(f"event log: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

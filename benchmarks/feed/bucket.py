"""A lake in a bucket of a real S3 server on this machine, for as long as a block runs."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.process import REPOSITORY


@contextmanager
def in_a_bucket(lake: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(URI of a copy of the lake, environment in which it is found); `scripts/s3_server.sh` installs the server."""
    sys.path[:0] = [str(REPOSITORY / "tests" / "s3"), str(REPOSITORY / "tests")]
    import s3_server

    with tempfile.TemporaryDirectory(prefix="tokenlake-feed-") as folder, s3_server.running(Path(folder)) as server:
        shutil.copytree(lake, server.make_bucket("feed") / "lake")
        yield "s3://feed/lake", s3_server.without_store(dict(os.environ)) | server.environment()

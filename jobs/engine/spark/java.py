"""Finds a JDK that Spark 4.2 runs on."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import TokenlakeError

SUPPORTED = (17, 21)
INSTALLED = Path("/usr/lib/jvm")  # where Linux distributions install Java
HOW_TO_INSTALL = (
    "install a JDK 17 or 21, for example: "
    "sudo apt-get update && sudo apt-get install -y --no-install-recommends openjdk-17-jre-headless"
)


class JavaError(TokenlakeError, RuntimeError):
    """No supported Java; the message says how to get one."""


def home() -> Path:
    """`$JAVA_HOME` when it is supported, else the `java` on the PATH, else one under /usr/lib/jvm.

    Raises:
        JavaError: none of them is version 17 or 21.
    """
    seen = []
    for folder in _candidates():
        version = major_version(folder)
        if version in SUPPORTED:
            return folder
        if version:
            seen.append(f"{folder} is version {version}")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise JavaError(f"no Java 17 or 21 found{found}; {HOW_TO_INSTALL}")


def _candidates() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parents[1]
    for java in sorted(INSTALLED.glob("*/bin/java")):
        yield java.parents[1]


def major_version(folder: Path) -> int | None:
    """The major version of the Java under a folder; None when it does not run."""
    release = folder / "release"
    if release.is_file():
        text = release.read_text(errors="replace")
    else:
        try:
            done = subprocess.run([folder / "bin" / "java", "-version"], capture_output=True, text=True, check=False)
        except OSError:
            return None
        text = done.stderr
    found = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', text)
    return int(found[1]) if found else None


def use() -> Path:
    """Points `JAVA_HOME` of this process and its children at a supported Java.

    Raises:
        JavaError: there is none.
    """
    folder = home()
    os.environ["JAVA_HOME"] = str(folder)
    return folder

"""The JVM's start. What it says on standard error is passed on line by line, less what every start says."""

import os
import threading
from collections.abc import Callable

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway

Tell = Callable[[str], None]

# Printed by the JVM itself for an option that Spark's launcher always passes; no setting silences it.
_EVERY_START = ("WARNING: Using incubator modules: jdk.incubator.vector",)


def start(conf: SparkConf, tell: Tell | None = None) -> None:
    """Starts this process's JVM, unless it runs; `tell` is given each line that it says (default: standard error)."""
    if SparkContext._gateway is not None:
        return
    reader, writer = os.pipe()
    # Read from before the JVM starts, so that a JVM that does not start can say why.
    threading.Thread(target=_pass_on, args=(reader, tell or _to_standard_error), daemon=True).start()
    try:
        gateway = launch_gateway(conf, {"stderr": writer})
    finally:
        os.close(writer)  # the JVM holds the other copy: the reader ends with it
    SparkContext._ensure_initialized(gateway=gateway)


def _pass_on(reader: int, tell: Tell) -> None:
    with open(reader, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.strip() and not line.startswith(_EVERY_START):
                tell(line.rstrip("\n"))


def _to_standard_error(line: str) -> None:
    os.write(2, f"{line}\n".encode())

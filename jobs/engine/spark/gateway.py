"""Starts the JVM and forwards its standard error line by line, without the warning that every start prints."""

import os
import threading
from collections.abc import Callable

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway

OnOutput = Callable[[str], None]

# Printed by the JVM itself for an option that Spark's launcher always passes; no setting silences it.
_EVERY_START = ("WARNING: Using incubator modules: jdk.incubator.vector",)


def start(conf: SparkConf, on_output: OnOutput | None = None) -> None:
    """Starts this process's JVM unless it runs. `on_output` receives its output; default: standard error."""
    if SparkContext._gateway is not None:
        return
    reader, writer = os.pipe()
    # The reader starts first, so that the error of a JVM that fails to start is seen.
    threading.Thread(target=_pass_on, args=(reader, on_output or _to_standard_error), daemon=True).start()
    try:
        gateway = launch_gateway(conf, {"stderr": writer})
    finally:
        os.close(writer)  # the JVM holds the other copy: the reader ends with it
    SparkContext._ensure_initialized(gateway=gateway)


def _pass_on(reader: int, on_output: OnOutput) -> None:
    with open(reader, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.strip() and not line.startswith(_EVERY_START):
                on_output(line.rstrip("\n"))


def _to_standard_error(line: str) -> None:
    os.write(2, f"{line}\n".encode())

"""Only what Spark Connect offers is used outside the classic engine's room, so every engine runs one code."""

import ast
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
CLASSIC = CHECKOUT / "jobs" / "engine" / "spark"

# Of a session or DataFrame of classic Spark; Connect has none of them.
CLASSIC_ATTRIBUTES = {"_jvm", "_jsc", "_jdf", "_jsparkSession", "sparkContext", "rdd", "_sc", "statusTracker"}
CLASSIC_MODULES = {
    "py4j",
    "pyspark.core",
    "pyspark.rdd",
    "pyspark.java_gateway",
    "pyspark.context",
    "pyspark.broadcast",
}
CLASSIC_NAMES = {"SparkContext", "SparkConf", "RDD", "Broadcast"}


def sources() -> list[Path]:
    """All modules that every engine runs."""
    found = [
        path
        for room in ("pipelines", "lake", "jobs", "features", "training")
        for path in (CHECKOUT / room).rglob("*.py")
    ]
    return [path for path in found if CLASSIC not in path.parents]


def uses(source: str) -> list[str]:
    """What a module uses of the classic API, with its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in CLASSIC_ATTRIBUTES:
            found.append(f"{node.lineno}: .{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("pyspark", "py4j")):
            names = {alias.name for alias in node.names} & CLASSIC_NAMES
            inside = any(node.module == module or node.module.startswith(f"{module}.") for module in CLASSIC_MODULES)
            found += [
                f"{node.lineno}: from {node.module} import {name}" for name in names or ({"…"} if inside else ())
            ]
        elif isinstance(node, ast.Import):
            found += [f"{node.lineno}: import {alias.name}" for alias in node.names if alias.name in CLASSIC_MODULES]
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_module_uses_nothing_of_the_classic_api(path):
    assert uses(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "frame.sparkSession.sparkContext.broadcast(1)",
        "spark._jvm.java.lang.System",
        "frame.rdd.map(f)",
        "from pyspark import SparkContext",
        "from pyspark.rdd import portable_hash",
        "import py4j",
    ],
)
def test_each_way_into_the_classic_api_is_noticed(source):
    assert uses(source)

"""Delta's jars for classic Spark, which only these tests need: to read our tables with Delta's own reader."""

from pathlib import Path

from jobs.engine.spark.jars import JarSet

_SET = JarSet.read(Path(__file__).with_name("delta_jars.toml"))

installed = _SET.installed
install = _SET.install

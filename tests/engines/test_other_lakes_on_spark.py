"""A lake that is compared with another one: the same rows on classic Spark as on Sail."""

import shutil

import lake_rows
import yaml
from engine_commands import SAIL, SPARK, run

DEDUP = ("stage", "dedup")


def test_classic_spark_drops_what_another_lake_holds_row_for_row_as_sail_does(expected, tmp_path):
    settings = yaml.safe_load(expected.second_config.read_text())
    settings["dedup"] = {"against": [str(expected.first)]}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings))
    for name, engine in (("sail", SAIL), ("spark", SPARK)):
        run(config, shutil.copytree(expected.second, tmp_path / name), engine, command=DEDUP)
    rows = lake_rows.read(tmp_path / "sail", "duplicates").to_pylist()
    assert {row["method"] for row in rows if row["reference"] == str(expected.first)} == {"exact", "minhash"}
    assert list(lake_rows.differences(tmp_path / "spark", tmp_path / "sail")) == []

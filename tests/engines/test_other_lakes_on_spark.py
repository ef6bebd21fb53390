"""A lake compared with another one: the same rows on classic Spark as on Sail."""

import lake_rows
import yaml
from engine_commands import SAIL, SPARK, run


def test_classic_spark_drops_what_another_lake_holds_row_for_row_as_sail_does(expected, tmp_path):
    settings = yaml.safe_load(expected.second_config.read_text())
    settings["sources"] = settings["sources"][1:]  # a folder whose first documents are those of the other lake
    settings["dedup"] = {"against": [str(expected.first)]}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings))
    for name, engine in (("sail", SAIL), ("spark", SPARK)):
        run(config, tmp_path / name, engine)
    rows = lake_rows.read(tmp_path / "sail", "duplicates").to_pylist()
    assert {row["method"] for row in rows if row["reference"] == str(expected.first)} == {"exact", "minhash"}
    assert list(lake_rows.differences(tmp_path / "spark", tmp_path / "sail")) == []

"""`kill -9` of the stage `features`, the same command again: the same rows in the end, none twice."""

import shutil
from pathlib import Path

import corpus
import lake_rows
import process_tree
import pytest
import yaml
from kill_campaign import kill_at_commit

from features.catalogue.catalogue import CATALOGUE

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.mark.slow
def test_killed_and_resumed_the_histories_end_equal(lake, corpus_folder, tmp_path):
    settings = corpus.config(lake, corpus_folder).model_dump(mode="json", exclude_unset=True)
    settings["features"] = yaml.safe_load((EXAMPLES / "features.yaml").read_text())["features"]
    config = shutil.copytree(EXAMPLES, tmp_path / "examples") / "corpus.yaml"
    config.write_text(yaml.safe_dump(settings))

    def compute(folder):
        return process_tree.start(config, "--lake", str(folder), command=("stage", "features"))

    wanted, killed = (shutil.copytree(lake, tmp_path / name) for name in ("wanted", "killed"))
    assert compute(wanted).wait() == 0
    for table in ("document_measures", "source_quality", "language_pair_statistics", "client_profile"):
        assert kill_at_commit(compute(killed), killed, f"features_{table}"), f"it ended before it committed {table}"
    for seconds in (0.3, 0.6, 0.9):
        compute(killed).kill_after(seconds)
    assert compute(killed).wait() == 0
    assert {view.table for view in CATALOGUE.views} <= set(lake_rows.tables(killed))
    assert list(lake_rows.differences(killed, wanted)) == []
    assert not list((killed / "_staging").glob("*"))

"""A full disk and a read-only lake: a short clear error, and tables that can be read afterwards."""

import shutil
from pathlib import Path

import fault_lakes
import lake_rows
import mounts
import process_tree
import pytest


def in_words(run: process_tree.Tree, *expected: str) -> None:
    """A run that failed has said so in a few lines that hold these words, and no frame of a stack."""
    text = "\n".join(run.said)
    assert run.process.returncode == 1, text
    assert len(run.said) <= 12, text
    assert not any(line.lstrip().startswith(("at ", "Caused by", "File ")) or "java." in line for line in run.said), (
        text
    )
    error = next(line for line in run.said if line.startswith("tokenlake: error: "))
    assert all(words in error for words in expected), error


def test_a_read_only_lake_is_named_before_a_session_starts(lake, corpus_folder, tmp_path):
    with mounts.small(tmp_path / "mount", "64m") as mount:
        shutil.copytree(lake, mount / "lake")
        mounts.change(mount, "ro")
        for folder in ("lake", "new"):
            config = fault_lakes.write_config(tmp_path / "run.yaml", mount / folder, corpus_folder)
            run = process_tree.start(config, json_log=False)
            run.wait()
            in_words(run, str(mount / folder), "read-only", "Mount it for writing", "run the same command again")
        assert list(lake_rows.differences(mount / "lake", Path(lake))) == []


@pytest.mark.slow
def test_a_full_disk_is_named_with_the_place_and_what_to_do(corpus_folder, tmp_path):
    with mounts.small(tmp_path / "mount", "150k") as mount:
        config = fault_lakes.write_config(tmp_path / "run.yaml", mount / "lake", corpus_folder)
        run = process_tree.start(config, json_log=False)
        run.wait()
        in_words(run, f"no space left for {mount}/lake", "Make room", "run the same command again")

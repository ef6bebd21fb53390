"""The JVM's class archive: built from a run of all stages, or the reason why not."""

import pytest

from jobs.engine.spark import class_archive


def test_it_is_built_in_a_process_that_has_used_sail(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert class_archive.install().stat().st_size > 40 << 20


def test_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "no-spark"))
    with pytest.raises(
        class_archive.ClassArchiveError, match=r"failed \(exit status 1\): FileNotFoundError: .*no-spark"
    ):
        class_archive.install()
    assert list(class_archive.cache_folder().iterdir()) == []

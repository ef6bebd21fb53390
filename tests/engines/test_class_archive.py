"""A class archive that cannot be built is no secret."""

import pytest

from jobs.engine.spark import class_archive


def test_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "no-spark"))
    with pytest.raises(
        class_archive.ClassArchiveError, match=r"failed \(exit status 1\): FileNotFoundError: .*no-spark"
    ):
        class_archive.install()
    assert list(class_archive.cache_folder().iterdir()) == []

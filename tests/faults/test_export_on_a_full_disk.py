"""An export onto a disk that fills up: one line, and nothing left there."""

import mounts
import pytest

from jobs import cli
from jobs.export.export import FORMATS


@pytest.mark.parametrize("kind", FORMATS)
def test_a_full_disk_is_one_line_and_nothing_is_left(lake, tmp_path, capsys, kind):
    with mounts.small(tmp_path / "mount", "20k") as mount:
        assert cli.main(["export", lake, "sequences_causal", "--format", kind, str(mount / "out")]) == 1
        line = capsys.readouterr().err.splitlines()[0]
        assert f"{mount}/out: no space left (" in line
        assert "nothing of the export was left. Make room, or name another OUT" in line
        assert list(mount.iterdir()) == []

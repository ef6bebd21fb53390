"""`tokenlake metrics --serve` and `--textfile`, as processes and files."""

import os
import shutil
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from exposition_reader import value, values

from jobs import cli
from jobs.metrics.catalogue import SCRAPE_SUCCESS, TABLE_ROWS
from jobs.metrics.exporter import Readings, server
from jobs.metrics.metric import Sample

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def served(copy):
    """The address of a server for the lake, which reads it again for every request."""
    command = [sys.executable, "-m", "jobs", "metrics", copy, "--serve", "0", "--every", "0"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("tokenlake: http://127.0.0.1:"), line
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield line.split()[1].removesuffix("/metrics")
        process.terminate()


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return str(answer.read().decode())


def answered(address: str, success: int) -> str:
    """The first answer that says so: a reading may take longer than a request waits."""
    until = time.monotonic() + 120
    while value(found := get(f"{address}/metrics"), "scrape_success") != success:
        assert time.monotonic() < until, found
    return found


def test_a_server_says_what_the_command_prints(served, copy, said):
    moving = {"tokenlake_scrape_timestamp_seconds", "tokenlake_scrape_seconds", "tokenlake_build_info"}
    here, there = values(said(copy)), values(answered(served, 1))
    assert {place: each for place, each in here.items() if place[0] not in moving} == {
        place: each for place, each in there.items() if place[0] not in moving
    }


def test_a_lake_that_goes_away_leaves_its_last_values_and_comes_back(served, copy):
    before = answered(served, 1)
    rows = value(before, "table_rows", table="documents")
    assert rows > 0
    away = shutil.move(copy, f"{copy}-away")
    gone = answered(served, 0)
    assert value(gone, "table_rows", table="documents") == rows
    assert value(gone, "scrape_timestamp_seconds") >= value(before, "scrape_timestamp_seconds")
    assert get(f"{served}/healthz") == "ok\n"
    shutil.move(away, copy)
    assert value(answered(served, 1), "table_rows", table="documents") == rows


def test_other_paths_are_not_found(served):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{served}/other")


def test_a_reading_that_takes_long_leaves_the_last_values(monkeypatch):
    monkeypatch.setattr("jobs.metrics.exporter._PATIENCE", 0.1)
    go_on, seen = threading.Event(), []

    def read() -> list[Sample]:
        seen.append(1)
        if len(seen) > 1:
            go_on.wait(30)
        return [*SCRAPE_SUCCESS(1), *TABLE_ROWS(len(seen), table="a")]

    readings = Readings(read, 0, pytest.fail)
    while readings.samples()[0].value == 0:
        time.sleep(0.01)
    slow = {each.metric: each.value for each in readings.samples()}
    assert slow == {SCRAPE_SUCCESS: 0, TABLE_ROWS: 1}
    go_on.set()
    while readings.samples()[0].value == 0:
        time.sleep(0.01)
    assert {each.metric: each.value for each in readings.samples()}[TABLE_ROWS] > 1


def test_a_lake_is_not_read_more_often_than_asked_for():
    seen: list[int] = []

    def read() -> list[Sample]:
        seen.append(1)
        return SCRAPE_SUCCESS(1)

    readings = Readings(read, 3600, pytest.fail)
    for _ in range(5):
        readings.samples()
    assert len(seen) == 1


def test_a_text_file_appears_whole_and_readable_for_all(lake, tmp_path):
    file = tmp_path / "tokenlake.prom"
    assert cli.main(["metrics", lake, "--textfile", str(file)]) == 0
    assert value(file.read_text(), "scrape_success") == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [file]


def test_a_text_file_keeps_its_values_when_the_lake_is_damaged(copy, tmp_path, capsys):
    file = tmp_path / "tokenlake.prom"
    assert cli.main(["metrics", copy, "--textfile", str(file)]) == 0
    rows = value(file.read_text(), "table_rows", table="tokens")
    for entry in Path(copy, "tokens", "_delta_log").glob("*.json"):
        entry.write_text("damaged")
    assert cli.main(["metrics", copy, "--textfile", str(file)]) == 1
    assert (value(file.read_text(), "scrape_success"), value(file.read_text(), "table_rows", table="tokens")) == (
        0,
        rows,
    )


def test_a_folder_that_does_not_exist_is_named(lake, tmp_path, capsys):
    assert cli.main(["metrics", lake, "--textfile", str(tmp_path / "no" / "a.prom")]) == 2
    assert f"{tmp_path / 'no'}: no such folder" in capsys.readouterr().err


def test_a_lake_that_does_not_exist_is_misuse(tmp_path, capsys):
    assert cli.main(["metrics", str(tmp_path / "none")]) == 2
    assert "no tables there" in capsys.readouterr().err


def test_outside_of_a_pod_there_is_no_cluster_to_read(lake, capsys, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert cli.main(["metrics", lake, "--kubernetes", "tokenlake"]) == 2
    assert "works in a pod" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["0.0.0.0", "9400000", "host:", ":x"])
def test_a_place_that_is_none_is_refused(lake, place, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["metrics", lake, "--serve", place])
    assert "no place to listen at" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
def test_an_address_of_ipv6_can_be_listened_at():
    with server(("::1", 0), "lake", lambda: []) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        assert get(f"http://[::1]:{made.server_address[1]}/healthz") == "ok\n"
        made.shutdown()

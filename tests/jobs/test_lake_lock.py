"""One run at a time on a lake; the lock goes with the process that holds it."""

import multiprocessing
import os
import signal

import pytest

from lake.lock import LakeBusyError, exclusive, is_free


def hold(lake, ready):
    with exclusive(lake):
        ready.set()
        signal.pause()


@pytest.fixture
def held(tmp_path):
    """A lake, and the process that holds it."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=hold, args=(str(tmp_path), ready))
    holder.start()
    assert ready.wait(60)
    yield str(tmp_path), holder
    holder.kill()
    holder.join()


def test_a_second_run_is_told_who_is_at_work_and_what_to_do(held):
    lake, holder = held
    with (
        pytest.raises(LakeBusyError, match=f"process {holder.pid} on .* since .* run this command again"),
        exclusive(lake),
    ):
        pass


def test_a_killed_run_leaves_no_lock(held):
    lake, holder = held
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with exclusive(lake):
        pass


def test_the_lock_is_free_after_the_block(tmp_path):
    for _ in range(2):
        with exclusive(str(tmp_path / "new" / "lake")):
            pass


def test_a_lake_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=str(tmp_path / "file")), exclusive(str(tmp_path / "file" / "lake")):
        pass


def test_whether_a_run_is_at_work_is_told_without_a_trace(held, tmp_path):
    lake, _ = held
    assert not is_free(lake)
    other = tmp_path / "other"
    assert is_free(str(other))
    assert not other.exists()

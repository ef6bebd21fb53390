"""Processes of a pool: what they have when they start, what they take, and that they end with their owner."""

import subprocess
import sys
import time

import psutil
import pyarrow as pa
import pytest
from tasks import numbers, process_ids, values

from pipelines.workers.pool import WorkerPool

OWNER = """
import sys, time, threading
import pyarrow as pa
from pipelines.workers.pool import WorkerPool

def busy(batches):
    import os, time
    yield pa.record_batch({"pid": [os.getpid()]})
    time.sleep(60)

def hold():
    results = pool.run(busy, [])
    print(next(results).column(0)[0].as_py(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    pool = WorkerPool(2)
    print(pool._template.pid, flush=True)
    if sys.argv[1] == "busy":
        threads = [threading.Thread(target=hold, daemon=True) for _ in range(2)]
        [thread.start() for thread in threads]
        idle = WorkerPool(1)
        print(idle._template.pid, flush=True)
        print(list(idle.run(lambda batches: batches, [])), flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def owner(tmp_path):
    """Starts a process with pools, and gives it and all processes of its pools."""
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    started = []

    def start(mode, lines, seconds=60):
        process = subprocess.Popen(
            [sys.executable, str(script), mode, str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": "/usr/bin:/bin"},
        )
        started.append(process)
        for _ in range(lines):
            process.stdout.readline()
        return process, psutil.Process(process.pid).children(recursive=True)

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_when_the_owner_is_killed_all_end_at_once(owner):
    process, family = owner("busy", lines=5)
    assert len(family) == 5  # two templates, two workers in the middle of a task, one idle
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive


def test_when_the_owner_is_killed_a_warming_template_ends(owner):
    process, family = owner("warming", lines=1)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=3)
    assert not alive


def test_when_the_owner_ends_by_itself_all_end(owner):
    process, family = owner("busy", lines=5, seconds=0)
    assert process.wait(10) == 0
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive


def test_the_template_has_one_thread_and_no_zombies(pool):
    (worker,) = values(pool.run(process_ids(), [numbers(1)]))
    template = psutil.Process(worker).parent()
    assert template.num_threads() == 1
    for _ in range(3):
        results = pool.run(process_ids(), [numbers(1)] * 2)
        next(results)
        results.close()
    values(pool.run(process_ids(), [numbers(1)]))
    statuses = [child.status() for child in template.children()]
    assert 1 <= len(statuses) <= 2
    assert psutil.STATUS_ZOMBIE not in statuses


def test_making_a_pool_waits_for_nothing():
    begun = time.monotonic()
    with WorkerPool(1) as pool:
        assert time.monotonic() - begun < 0.3
        assert pool.ready() > 0


def test_a_worker_starts_with_the_rooms_warm(own_pool):
    def found(batches):
        import sys

        from pipelines.words import splitter

        yield pa.record_batch({"n": ["pipelines.rules.measures" in sys.modules, "en" in splitter._INTERNERS]})

    assert values(own_pool.run(found, [])) == [True, True]


def test_only_what_the_work_needs_is_warmed():
    def found(batches):
        import sys

        yield pa.record_batch(
            {"n": [f"pipelines.{name}" in sys.modules for name in ("dedup.signing", "rules.measures")]}
        )

    with WorkerPool(1, ["signing"]) as pool:
        assert values(pool.run(found, [])) == [True, False]


def test_every_room_can_be_warmed(capfd):
    from pipelines.workers.warm import warm

    warm()
    assert "could not be warmed" not in capfd.readouterr().err


def test_a_worker_goes_before_its_owner_when_memory_runs_out(own_pool):
    def scored(batches):
        from pathlib import Path

        yield pa.record_batch({"n": [int(Path("/proc/self/oom_score_adj").read_text())]})

    assert values(own_pool.run(scored, [])) == [500]


def test_memory_does_not_grow_with_the_batches(own_pool):
    def sized(batches):
        import psutil

        for batch in batches:
            yield batch
            yield pa.record_batch({"rss": [psutil.Process().memory_info().rss]})

    def measured(count):
        theirs = ours = 0
        for result in own_pool.run(sized, (_text(k) for k in range(count))):
            if result.schema.names == ["rss"]:
                theirs = max(theirs, result.column(0)[0].as_py())
                ours = max(ours, psutil.Process().memory_info().rss)
        return ours, theirs

    few, many = measured(20), measured(200)
    assert many[0] - few[0] < 32 << 20
    assert many[1] - few[1] < 32 << 20


def _text(k):
    return pa.record_batch({"text": pa.array([chr(97 + k % 26) * (1 << 16)] * 64)})

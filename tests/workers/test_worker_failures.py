"""What becomes of a task, and of the pool, when something goes wrong."""

import os
import signal
import time

import psutil
import pyarrow as pa
import pytest
from tasks import identity, numbers, process_ids, spinning, values

from pipelines.readers.storage import ReadError
from pipelines.workers.errors import WorkerError
from pipelines.workers.pool import WorkerPool


def works(pool):
    return values(pool.run(identity(), [numbers(1), numbers(2)])) == [1, 2]


def test_an_exception_arrives_with_its_type_and_its_story_and_the_worker_goes_on(pool):
    def failing(batches):
        for batch in batches:
            yield batch
            raise LookupError("no such thing", 7)

    before = values(pool.run(process_ids(), [numbers(1)]))
    results = pool.run(failing, [numbers(1), numbers(2)])
    assert next(results) == numbers(1)
    with pytest.raises(LookupError) as caught:
        next(results)
    assert caught.value.args == ("no such thing", 7)
    (note,) = caught.value.__notes__
    assert f"process {before[0]}" in note
    assert "in failing" in note
    assert values(pool.run(process_ids(), [numbers(1)])) == before


def test_an_exception_with_arguments_of_its_own_keeps_its_words(pool):
    from pipelines.readers.record import Reason

    def failing(batches):
        raise ReadError(Reason.TRUNCATED, "ends early")

    with pytest.raises((ReadError, WorkerError), match="ends early"):
        list(pool.run(failing, []))


def test_an_exception_that_cannot_be_pickled_is_told_in_words(pool):
    def failing(batches):
        class Odd(Exception):
            pass

        raise Odd("very odd")

    with pytest.raises(WorkerError, match="Odd: very odd"):
        list(pool.run(failing, []))
    assert works(pool)


def test_a_function_cannot_end_its_worker(pool):
    def leaving(batches):
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        list(pool.run(leaving, []))
    assert works(pool)


def test_a_result_that_is_no_batch_is_refused(pool):
    with pytest.raises(TypeError, match="yielded Table, not pyarrow"):
        list(pool.run(lambda batches: (pa.Table.from_batches([batch]) for batch in batches), [numbers(1)]))
    assert works(pool)


def test_an_exception_of_the_input_ends_the_task_alone(pool):
    def given():
        yield numbers(1)
        raise OSError("the disk is gone")

    results = pool.run(identity(), given())
    with pytest.raises(OSError, match="the disk is gone"):
        list(results)
    assert works(pool)


def test_an_abandoned_task_gives_its_worker_up(own_pool):
    (before,) = values(own_pool.run(process_ids(), [numbers(1)]))
    results = own_pool.run(identity(), (numbers(k) for k in range(100)))
    next(results)
    results.close()
    (after,) = values(own_pool.run(process_ids(), [numbers(1)]))
    assert after != before
    assert own_pool.progress()[:2] == (3, 3)
    assert _is_gone(before)


def test_a_killed_worker_is_named_and_replaced(own_pool):
    def dying(batches):
        import os
        import signal

        for _ in batches:
            yield pa.record_batch({"pid": [os.getpid()]})
            os.kill(os.getpid(), signal.SIGKILL)

    results = own_pool.run(dying, [numbers(1)] * 3)
    (pid,) = values([next(results)])
    with pytest.raises(WorkerError) as caught:
        next(results)
    assert str(caught.value) == f"worker process {pid} was killed (signal 9), perhaps because memory ran out"
    assert works(own_pool)
    assert _is_gone(pid)


def test_a_worker_that_leaves_is_named_with_its_status(own_pool):
    def leaving(batches):
        import os

        os._exit(3)

    with pytest.raises(WorkerError, match=r"worker process \d+ ended \(exit status 3\)"):
        list(own_pool.run(leaving, [numbers(1)]))
    assert works(own_pool)


def test_a_worker_killed_between_tasks_is_not_missed(own_pool):
    (pid,) = values(own_pool.run(process_ids(), [numbers(1)]))
    os.kill(pid, signal.SIGKILL)
    assert works(own_pool)


def test_a_killed_template_is_started_again(own_pool):
    (worker,) = values(own_pool.run(process_ids(), [numbers(1)]))
    template = psutil.Process(worker).parent()
    template.kill()
    assert _is_gone(worker)
    assert works(own_pool)


def test_a_task_whose_template_is_killed_says_so(own_pool):
    results = own_pool.run(spinning(0.2), [numbers(1)] * 50)
    psutil.Process(next(results).column(0)[0].as_py()).parent().kill()
    with pytest.raises(WorkerError, match="ended with its template process"):
        list(results)
    assert works(own_pool)


def test_a_stopped_pool_leaves_nothing_running_and_takes_no_task():
    pool = WorkerPool(1)
    results = pool.run(spinning(0.2), [numbers(1)] * 50)
    worker = next(results).column(0)[0].as_py()
    template = psutil.Process(worker).ppid()
    pool.stop()
    assert _is_gone(worker)
    assert _is_gone(template)
    with pytest.raises(WorkerError, match="have been stopped"):
        list(results)
    with pytest.raises(WorkerError, match="have been stopped"):
        list(pool.run(identity(), [numbers(1)]))
    pool.stop()


def test_a_pool_can_be_stopped_while_its_template_warms_up():
    pool = WorkerPool(1)
    begun = time.monotonic()
    pool.stop()
    assert time.monotonic() - begun < 3
    with pytest.raises(WorkerError):
        pool.ready()


def _is_gone(pid, seconds=5.0):
    """Whether a process ends, and is reaped, soon."""
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

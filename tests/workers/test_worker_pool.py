"""What a pool of worker processes does with functions of batches."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from tasks import identity, numbers, process_ids, spinning, values

from pipelines.workers.pool import WorkerPool, usable_cores


def test_batches_come_back_in_order_from_another_process(pool):
    batches = [numbers(k, k + 1) for k in range(50)]
    assert list(pool.run(identity(), batches)) == batches
    assert values(pool.run(process_ids(), [numbers(1)])) != [os.getpid()]


def test_a_function_may_yield_before_between_and_after_its_input(pool):
    def talkative(batches):
        yield pa.record_batch({"n": [-1]})
        for batch in batches:
            yield batch
            yield batch
        yield pa.record_batch({"n": [-2]})

    assert values(pool.run(talkative, [numbers(1), numbers(2)])) == [-1, 1, 1, 2, 2, -2]


def test_a_function_may_take_several_batches_for_one(pool):
    def added(batches):
        yield pa.record_batch({"n": [sum(batch.num_rows for batch in batches)]})

    assert values(pool.run(added, [numbers(1, 2), numbers(3)])) == [3]


def test_a_function_may_ignore_its_input(pool):
    assert values(pool.run(lambda batches: iter([pa.record_batch({"n": [7]})]), [numbers(1), numbers(2)])) == [7]
    assert values(pool.run(identity(), [numbers(1)])) == [1]


def test_without_input_the_function_runs_all_the_same(pool):
    def says_so(batches):
        yield pa.record_batch({"n": [len(list(batches))]})

    assert values(pool.run(says_so, [])) == [0]
    assert list(pool.run(identity(), [])) == []


def test_input_is_pulled_as_it_is_needed(pool):
    pulled = []

    def given():
        for k in range(5):
            pulled.append(k)
            yield numbers(k)

    results = pool.run(identity(), given())
    assert pulled == []
    next(results)
    assert len(pulled) < 4
    assert values(results) == [1, 2, 3, 4]


def test_columns_of_every_kind_make_the_round_trip(pool):
    struct = pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))])
    batch = pa.record_batch(
        {
            "dictionary": pa.array(["x", "y", None, "x"]).dictionary_encode(),
            "list": pa.array([[1, 2], [], None, [3]], pa.list_(pa.int64())),
            "map": pa.array([[("k", 1)], [], None, [("l", 2), ("m", None)]], pa.map_(pa.string(), pa.int64())),
            "struct": pa.array([{"a": 1, "b": ["é"]}, None, {"a": None, "b": None}, {"a": 2, "b": []}], struct),
            "binary": pa.array([b"\0\xff", b"", None, b"x" * 100], pa.binary()),
            "large": pa.array(["a", None, "", "ü"], pa.large_string()),
            "time": pa.array([0, 1, None, 3], pa.timestamp("us", "UTC")),
            "nothing": pa.nulls(4),
            "nested": pa.array([["a"], ["b", "a"], [], None], pa.list_(pa.string())).cast(
                pa.list_(pa.dictionary(pa.int32(), pa.string()))
            ),
        }
    ).replace_schema_metadata({"key": "value"})
    whole, cut, none = pool.run(identity(), [batch, batch.slice(1, 2), batch.slice(0, 0)])
    for result, expected in ((whole, batch), (cut, batch.slice(1, 2)), (none, batch.slice(0, 0))):
        result.validate(full=True)
        assert result.schema.equals(expected.schema, check_metadata=True)
        assert result.to_pylist() == expected.to_pylist()


def test_batches_of_64_megabytes_pass(pool):
    text = pa.record_batch({"text": pa.array(["x" * (1 << 20)] * 64)})
    for result in pool.run(identity(), [text] * 3):
        assert result == text


def test_a_slice_travels_without_the_rest_of_its_columns():
    from pipelines.workers.messages import encoded

    text = pa.record_batch({"text": pa.array(["x" * 1000] * 1000)})
    assert sum(map(len, encoded(text.slice(500, 1)))) < 4000


def test_tasks_at_once_run_in_processes_of_their_own(pool):
    with ThreadPoolExecutor(2) as threads:
        spans = [*threads.map(lambda _: next(pool.run(spinning(0.5), [numbers(1)])).to_pylist()[0], range(2))]
    assert spans[0]["pid"] != spans[1]["pid"]
    assert max(span["begun"] for span in spans) < min(span["ended"] for span in spans)


def test_more_tasks_than_workers_take_turns(pool):
    with ThreadPoolExecutor(20) as threads:
        results = [*threads.map(lambda k: values(pool.run(process_ids(), [numbers(k)] * 3)), range(40))]
    assert len({pid for pids in results for pid in pids}) <= 2
    assert all(len(set(pids)) == 1 for pids in results)


def test_a_worker_remembers_between_tasks(own_pool):
    def counting(batches):
        import sys

        sys.seen = getattr(sys, "seen", 0) + sum(1 for _ in batches)
        yield pa.record_batch({"n": [sys.seen]})

    assert [values(own_pool.run(counting, [numbers(1)])) for _ in range(3)] == [[1], [2], [3]]


def test_a_function_is_unpickled_once_a_worker(own_pool):
    class Held:
        def __reduce__(self):
            return loaded, ()

    def loaded():
        import sys

        sys.loaded = getattr(sys, "loaded", 0) + 1
        return None

    held = Held()

    def holding(batches):
        import sys

        assert held is None
        yield pa.record_batch({"n": [sys.loaded]})

    assert [values(own_pool.run(holding, [])) for _ in range(3)] == [[1], [1], [1]]


def test_forgotten_functions_are_sent_again(own_pool):
    def adding(k):
        return lambda batches: (pa.record_batch({"n": [k]}) for _ in batches)

    functions = [adding(k) for k in range(40)]
    for _ in range(2):
        assert [values(own_pool.run(f, [numbers(0)])) for f in functions] == [[k] for k in range(40)]


def test_tasks_that_read_each_other_do_not_wait_for_ever(own_pool):
    """One worker, and a task whose input another task makes, each in its thread, as engines do it."""
    inner = own_pool.run(identity(), [numbers(k) for k in range(5)])
    assert values(own_pool.run(identity(), inner)) == [0, 1, 2, 3, 4]


def test_progress_counts_tasks_and_rows(own_pool):
    assert own_pool.progress() == (0, 0, 0, 0)
    results = own_pool.run(lambda batches: (batch.slice(1) for batch in batches), [numbers(1, 2, 3), numbers(4, 5)])
    next(results)
    assert own_pool.progress()[:2] == (1, 0)
    list(results)
    assert own_pool.progress() == (1, 1, 5, 3)


def test_waiting_for_a_worker_holds_nobody_up(own_pool):
    first = threading.Thread(target=lambda: list(own_pool.run(spinning(1), [numbers(1)])))
    second = threading.Thread(target=lambda: list(own_pool.run(identity(), [numbers(1)])))
    own_pool.ready()
    first.start()
    second.start()
    turns = 0
    while second.is_alive():
        second.join(0.01)
        turns += 1
    assert turns > 20


def test_the_size_is_the_cores_of_this_process():
    assert usable_cores() == len(os.sched_getaffinity(0))


def test_a_pool_without_workers_is_refused():
    with pytest.raises(ValueError, match="0 worker processes"):
        WorkerPool(0)

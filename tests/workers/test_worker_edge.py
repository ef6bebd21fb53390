"""Functions that run in a worker where there is a pool, and where they are without one."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from pyspark import cloudpickle
from tasks import identity, numbers, process_ids, spinning, values

from pipelines.workers.edge import current, in_worker, in_worker_by_group, use, using
from pipelines.workers.pool import WorkerPool


@pytest.fixture
def used(pool):
    use(pool)
    yield pool
    use(None)


def test_without_a_pool_a_function_runs_where_it_is():
    assert current() is None
    assert values(in_worker(process_ids())(iter([numbers(1)]))) == [os.getpid()]


def test_with_a_pool_it_runs_in_a_worker_also_when_it_was_made_before():
    function = in_worker(process_ids())
    with using(WorkerPool(1)) as pool:
        assert current() is pool
        assert values(function(iter([numbers(1)]))) != [os.getpid()]
    assert current() is None
    assert values(function(iter([numbers(1)]))) == [os.getpid()]


def test_it_survives_the_pickling_of_engines(used):
    function = pickle.loads(cloudpickle.dumps(in_worker(process_ids())))
    assert values(function(iter([numbers(1)]))) != [os.getpid()]
    assert function.__name__ == "ids"


def test_in_a_worker_it_runs_where_it_is(used):
    inner = in_worker(process_ids())

    def outer(batches):
        yield from process_ids()([None])
        yield from inner(batches)

    (outside, inside) = values(in_worker(outer)(iter([numbers(1)])))
    assert outside == inside


def test_a_function_of_groups_takes_and_gives_tables(used):
    def counted(table):
        return pa.table({"rows": [table.num_rows], "pid": [os.getpid()]})

    function = in_worker_by_group(counted)
    (row,) = function(pa.table({"n": pa.chunked_array([[1, 2], [3]])})).to_pylist()
    assert row["rows"] == 3
    assert row["pid"] != os.getpid()
    assert function(pa.table({"n": pa.array([], pa.int64())})).column("rows").to_pylist() == [0]


def test_a_group_may_come_to_nothing(used):
    table = pa.table({"n": [1, 2]})
    assert in_worker_by_group(lambda table: table.slice(0, 0))(table) == table.slice(0, 0)


def test_what_cannot_be_pickled_is_refused_at_once():
    import threading

    lock = threading.Lock()
    with pytest.raises(TypeError, match="cannot pickle"):
        in_worker(lambda batches: iter([lock]))


def test_two_processes_take_less_than_two_threads(used):
    def took_part(function):
        with ThreadPoolExecutor(2) as threads:
            return {*threads.map(lambda _: values(function(iter([numbers(1)])))[0], range(2))}

    assert len(took_part(in_worker(spinning(0.3)))) == 2
    assert took_part(spinning(0.3)) == {os.getpid()}
    assert values(in_worker(identity())(iter([numbers(5)]))) == [5]

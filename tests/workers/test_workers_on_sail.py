"""Functions run by Sail in worker processes."""

import os

import pyarrow as pa
import pytest
from tasks import numbers, process_ids, spinning

from jobs.engine.client import connected
from pipelines.workers.edge import in_worker, in_worker_by_group, use


@pytest.fixture(scope="module")
def sail():
    server_module = pytest.importorskip("pysail.spark")
    server = server_module.SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    _, port = server.listening_address
    session = connected(f"sc://127.0.0.1:{port}")
    yield session
    session.stop()
    server.stop()


@pytest.fixture(autouse=True)
def in_use(no_pool_in_use, pool):
    use(pool)


def test_partitions_run_in_two_processes_at_once(sail):
    function = in_worker(spinning(0.2))
    rows = sail.range(0, 8, 1, 8).mapInArrow(function, "pid long, begun double, ended double").collect()
    assert len(rows) == 8
    assert len({row.pid for row in rows}) == 2
    assert os.getpid() not in {row.pid for row in rows}
    first, second = ([row for row in rows if row.pid == pid] for pid in {row.pid for row in rows})
    assert any(a.begun < b.ended and b.begun < a.ended for a in first for b in second)


def test_without_a_pool_they_run_in_this_process(sail, pool):
    use(None)
    try:
        rows = sail.range(0, 2, 1, 2).mapInArrow(in_worker(process_ids()), "pid long").collect()
    finally:
        use(pool)
    assert {row.pid for row in rows} == {os.getpid()}


def test_a_function_of_a_functions_results_does_not_wait_for_ever(sail):
    once = sail.range(0, 8, 1, 8).mapInArrow(in_worker(process_ids()), "pid long")
    twice = once.mapInArrow(in_worker(process_ids()), "pid long")
    assert twice.count() == 8


def test_groups_run_in_workers(sail):
    def counted(table):
        return pa.table({"rows": [table.num_rows], "pid": [os.getpid()]})

    groups = sail.range(10).selectExpr("id % 3 AS key", "id").groupBy("key")
    rows = groups.applyInArrow(in_worker_by_group(counted), "rows long, pid long").collect()
    assert sorted(row.rows for row in rows) == [3, 3, 4]
    assert os.getpid() not in {row.pid for row in rows}


def test_what_a_function_raises_is_told(sail):
    def failing(batches):
        raise LookupError("no such thing")

    with pytest.raises(Exception, match="no such thing"):
        sail.range(4).mapInArrow(in_worker(failing), "n long").collect()
    assert numbers(1).num_rows


def test_a_query_that_wants_few_rows_ends_the_tasks_of_the_others(sail, pool):
    rows = sail.range(0, 100_000, 1, 4).mapInArrow(in_worker(lambda batches: batches), "id long").limit(1).collect()
    assert len(rows) == 1
    assert sail.range(0, 8, 1, 8).mapInArrow(in_worker(process_ids()), "pid long").count() == 8

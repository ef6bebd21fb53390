"""A lake that lived through twenty days equals one run over the final input."""

import shutil
from collections import defaultdict
from pathlib import Path
from random import Random

import process_tree
import pytest
from deltalake import DeltaTable
from twenty_days import Days, play

from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.yaml_config import load
from jobs.config import RunConfig
from pipelines import semantics
from pipelines.semantics import Semantics

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

WHEN_AND_WHERE = {"run_id", "ingested_at", "recorded_at", "uri", "root", "stamp"}
"""Columns that say when, where from and in which run a row was made."""


def rows(lake: Path, table: str, *but: str) -> list[str]:
    """The rows of a table, in order, without some columns."""
    found = DeltaTable(str(lake / table)).to_pyarrow_table()
    names = sorted(set(found.column_names) - WHEN_AND_WHERE - set(but))
    return sorted(map(repr, found.select(names).to_pylist()))


def column(lake: Path, table: str, key: str, value: str) -> dict[str, object]:
    """doc_id -> value of a column."""
    found = DeltaTable(str(lake / table)).to_pyarrow_table(columns=[key, value]).to_pydict()
    return dict(zip(found[key], found[value], strict=True))


@pytest.fixture
def upgraded(monkeypatch):
    """Makes this process a newer version of the program, in which measuring means something else."""

    def upgrade() -> None:
        newer = Semantics("measuring", {**semantics.MEASURING.changes, 99: "another version, for this test"})
        for module in ("pipelines.semantics", "jobs.stages.clean"):
            monkeypatch.setattr(f"{module}.MEASURING", newer)

    return upgrade


@pytest.fixture
def lived(engine, tmp_path, upgraded) -> tuple[Path, Path]:
    """(the lake after twenty days, a lake of one run over the final input)."""

    def run(days: Days) -> None:
        if days.upgraded:
            upgraded()
        run_stages(engine, load(days.config(), RunConfig), Reporter())

    days = Days(tmp_path / "life")
    play(days, run)
    once = tmp_path / "once"
    run_stages(engine, load(days.config(once), RunConfig), Reporter())
    return days.lake, once


def test_twenty_days_end_where_one_run_begins(lived):
    lake, once = lived
    require_equal(lake, once)


def require_equal(lake: Path, once: Path) -> None:
    """Compares table by table; `what was delivered stays` allows the differences that are spelled out here."""
    for table, but in (
        ("documents", ()),
        ("rejects", ()),
        ("inputs", ("known", "size")),  # how much of a file was there before
        ("measures", ()),
        ("decisions", ()),
        ("signatures", ("batch",)),  # the order of arrival
    ):
        assert rows(lake, table, *but) == rows(once, table, *but), table
    # Of each cluster one document is kept; which one depends on the order of arrival.
    kept, alone = (set(column(each, "clean_documents", "doc_id", "source")) for each in (lake, once))
    clusters = defaultdict(set)
    for doc_id, cluster in column(once, "duplicates", "doc_id", "cluster_id").items():
        clusters[cluster].add(doc_id)
    clustered = set().union(*clusters.values())
    assert kept - clustered == alone - clustered
    assert [len(kept & members) for members in clusters.values()] == [1] * len(clusters)
    # Texts, tokens and packed pieces of what both keep are the same.
    for table, value in (("clean_documents", "text"), ("tokens", "ids")):
        one, other = column(lake, table, "doc_id", value), column(once, table, "doc_id", value)
        assert {each: one[each] for each in kept & alone} == {each: other[each] for each in kept & alone}, table
        assert set(one) == kept
    for table in ("sequences_causal", "sequences_chunks"):
        assert packed(lake, table) == {
            doc_id: ids for doc_id, ids in column(lake, "tokens", "doc_id", "ids").items()
        }, table


def packed(lake: Path, table: str) -> dict[str, bytes]:
    """doc_id -> ids without the separator, joined from all pieces."""
    pieces: dict[str, dict[int, bytes]] = defaultdict(dict)
    for row in DeltaTable(str(lake / table)).to_pyarrow_table().to_pylist():
        place = 0
        for doc_id, start, length in zip(row["doc_ids"], row["doc_offsets"], row["doc_lengths"], strict=True):
            assert start not in pieces[doc_id]
            pieces[doc_id][start] = row["ids"][2 * place : 2 * (place + length)]
            place += length
    return {doc_id: b"".join(parts[start] for start in sorted(parts))[:-2] for doc_id, parts in pieces.items()}


@pytest.mark.parametrize("name", ["sail", "spark"])
def test_kills_in_the_second_half_change_nothing(lived_ten_days, name, tmp_path):
    """Every run of days 11 to 20 is killed at random moments until it ends by itself."""
    days, once = lived_ten_days
    random, kills = Random(7), 0

    def run(today: Days) -> None:
        nonlocal kills
        patience = 6.0 if name == "sail" else 40.0
        for _ in range(4):
            tree = _start(today, name)
            if not tree.kill_after(random.uniform(0.5, patience)):
                assert tree.process.returncode == 0, f"{tree.error} {tree.said[-20:]}"
                return
            kills += 1
        assert _start(today, name).wait() == 0

    play(days, run)
    assert kills >= 5
    require_equal(days.lake, once)

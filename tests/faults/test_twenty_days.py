"""A lake that lived through twenty days equals one run over the final input."""

import os
from collections import defaultdict
from pathlib import Path
from random import Random

import process_tree
import pytest
from deltalake import DeltaTable
from twenty_days import Days, play
from upgraded_program import upgrade

from jobs.config import RunConfig
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.yaml_config import load
from pipelines.semantics import MEASURING

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


def test_twenty_days_end_where_one_run_begins(engine, tmp_path):
    days, once = Days(tmp_path / "life"), tmp_path / "once"
    before = MEASURING.changes
    try:
        play(days, lambda today: run_here(engine, today, today.lake))
        run_here(engine, days, once)
        require_equal(days.lake, once)
    finally:
        object.__setattr__(MEASURING, "changes", before)


def run_here(engine, days: Days, lake: Path) -> None:
    if days.upgraded:
        upgrade()
    run_stages(engine, load(days.config(lake), RunConfig), Reporter())


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
        assert packed(lake, table) == column(lake, "tokens", "doc_id", "ids"), table


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


@pytest.mark.skipif(os.environ.get("TOKENLAKE_FAULTS") != "full", reason="takes long: make faults-full")
@pytest.mark.parametrize(("name", "longest"), [("sail", 8.0), ("spark", 50.0)])
def test_kills_in_the_second_half_change_nothing(engine, tmp_path, name, longest):
    """The runs of days 11 to 20 are killed at random moments."""
    days, once, random, kills = Days(tmp_path / "life"), tmp_path / "once", Random(7), 0
    play(days, lambda today: run_here(engine, today, today.lake), last=10)

    def run(today: Days) -> None:
        nonlocal kills
        for _ in range(2):
            tree = start(today, name)
            if not tree.kill_after(random.uniform(0.2, 1) * longest):
                assert tree.process.returncode == 0, f"{tree.error} {tree.said[-20:]}"
                return
            kills += 1
        last = start(today, name)
        assert last.wait() == 0, f"{last.error} {last.said[-20:]}"

    play(days, run)
    last = process_tree.start(days.config(once), program=program(days))
    assert last.wait() == 0, last.error
    assert kills >= 5
    require_equal(days.lake, once)


def start(days: Days, engine: str) -> process_tree.Tree:
    return process_tree.start(days.config(), "--engine", engine, program=program(days))


def program(days: Days) -> tuple[str, ...]:
    return (str(Path(__file__).with_name("upgraded_program.py")),) if days.upgraded else ("-m", "jobs")

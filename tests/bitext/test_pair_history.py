"""Whatever files came, changed and went: the lake holds what one that is made at once would hold."""

import random

import pytest
from bitext.pair_lakes import PairLake

from jobs.checks.lake import check


def content(chosen: random.Random) -> str:
    """A few of 30 pairs, some with equal sides, and lines that are none."""
    lines = []
    for _ in range(chosen.randint(1, 8)):
        number = chosen.randrange(30)
        lines.append(f"Sentence {number % 7}.\tSatz {number % 5}{'!' * (number % 2)}" if number else "no pair")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("by", ["both", "source"])
@pytest.mark.parametrize("group_by", ["source", "source_or_target"])
def test_a_lake_with_a_history_holds_what_a_new_one_holds(engine, tmp_path, by, group_by):
    chosen = random.Random(f"{by} {group_by}")
    settings = {"dedup": {"by": by, "group_by": group_by}, "reject_limit": 1, "policy": "opus"}
    lake = PairLake(engine, tmp_path, **settings)
    names = ["a", "b", "c", "d"]
    there = {name: content(chosen) for name in names[:2]}
    lake.run(**there)
    for _ in range(4):
        changes = {name: content(chosen) for name in chosen.sample(names, 2)}
        gone = [name for name in there if name not in changes][: chosen.randint(0, 1)]
        lake.run(**changes, **dict.fromkeys(gone))
        there = {name: text for name, text in {**there, **changes}.items() if name not in gone}
    (tmp_path / "fresh").mkdir()
    fresh = PairLake(engine, tmp_path / "fresh", **settings).run(**there)
    for table, columns in {
        "pairs": ("pair_id", "source_text", "target_text"),
        "pair_rejects": ("path", "position", "reason"),
        "pair_decisions": ("pair_id", "kept", "reasons"),
    }.items():
        assert lake.rows(table, *columns) == fresh.rows(table, *columns)
    assert len(lake.clean()) == len(fresh.clean())
    clusters = [sorted(size for (size,) in each.rows("pair_duplicates", "cluster_size")) for each in (lake, fresh)]
    assert clusters[0] == clusters[1]
    assert [finding for finding in check(lake.lake) if not finding.holds] == []

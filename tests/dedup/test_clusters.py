import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.clusters import GreedyClusters
from pipelines.dedup.minhash import Ragged
from pipelines.dedup.representatives import jaccard

THRESHOLD = 0.75

SETS = st.frozensets(st.integers(0, 15), min_size=1, max_size=12)
MEMBERS = st.lists(st.tuples(st.sampled_from("AB"), SETS, st.booleans()), max_size=40).map(
    lambda members: sorted(members, key=lambda member: member[0])
)


def ragged(sets: list[frozenset[int]]) -> Ragged:
    rows = [np.array(sorted(items), np.uint64) for items in sets]
    offsets = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return Ragged(np.concatenate([np.empty(0, np.uint64), *rows]), offsets)


def cluster(members, batch: int = 1000, index_from: int = 32) -> list[tuple[str, float]]:
    """Representatives are named by the members' positions."""
    greedy = GreedyClusters(THRESHOLD, index_from)
    result: list[tuple[str, float]] = []
    for begin in range(0, len(members), batch):
        part = members[begin : begin + batch]
        components, sets, settled = zip(*part, strict=True)
        ids = [str(begin + i) for i in range(len(part))]
        found = greedy.assign(components, ids, np.array(settled, np.bool_), ragged(sets))
        result += zip(found.representatives, found.similarity.tolist(), strict=True)
    return result


def by_the_book(members) -> list[tuple[str, float]]:
    result, representatives = [], []
    for i, (component, items, settled) in enumerate(members):
        similar = (
            (str(r), len(items & members[r][1]) / len(items | members[r][1]))
            for r in representatives
            if members[r][0] == component
        )
        found = None if settled else next((pair for pair in similar if pair[1] >= THRESHOLD), None)
        if found is None:
            representatives.append(i)
        result.append(found or (str(i), 1.0))
    return result


@pytest.mark.parametrize("index_from", [1, 3, 10**9], ids=["indexed", "indexed late", "one by one"])
@settings(deadline=None)
@given(members=MEMBERS, batch=st.integers(1, 41))
def test_each_member_joins_the_first_similar_representative(index_from, members, batch):
    assert cluster(members, batch, index_from) == by_the_book(members)


def test_a_chain_of_neighbours_is_not_one_cluster():
    # Each resembles the next (0.82), the first and the last share nothing.
    chain = [("A", frozenset(range(i, i + 10)), False) for i in range(12)]
    representatives = [int(name) for name, _ in cluster(chain)]
    assert representatives == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10]


def test_pages_of_one_template_are_told_apart():
    template = frozenset(range(60))
    pages = [("A", template | frozenset(range(1000 * i, 1000 * i + 40)), False) for i in range(1, 200)]
    assert {name for name, _ in cluster(pages)} == {str(i) for i in range(199)}


def test_settled_members_never_join():
    same = frozenset(range(10))
    assert cluster([("A", same, True), ("A", same, True), ("A", same, False)]) == [("0", 1.0), ("1", 1.0), ("0", 1.0)]


def test_components_do_not_see_each_other():
    same = frozenset(range(10))
    assert [name for name, _ in cluster([("A", same, False), ("B", same, False)], batch=1)] == ["0", "1"]


def test_a_similarity_equal_to_the_threshold_is_enough():
    assert cluster([("A", frozenset(range(4)), False), ("A", frozenset(range(3)), False)])[1] == ("0", 0.75)


@given(SETS, SETS, st.floats(0.01, 1))
def test_jaccard_is_exact_where_it_matters(left, right, least):
    exact = len(left & right) / len(left | right)
    found = jaccard(ragged([left])[0], ragged([right])[0], least)
    assert found == (exact if exact >= least else 0.0)


def test_a_set_too_large_for_a_histogram_is_compared_all_the_same():
    large = frozenset(range(0, 70_000 * 512, 512))
    assert [name for name, _ in cluster([("A", large, False), ("A", large | {1}, False)])] == ["0", "0"]

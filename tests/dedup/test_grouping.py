"""Followers and components from signatures, against the definition spelled out in plain Python."""

from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dedup.grouping import group
from pipelines.tables import SIGNATURES

BUCKETS = 3
SCHEMA = pa.schema(
    [
        *(SIGNATURES.schema.field(name) for name in ("doc_id", "text_hash", "length", "priority", "batch", "bands")),
        ("is_new", pa.bool_()),
        ("survivor", pa.string()),
        ("method", pa.string()),
        ("similarity", pa.float64()),
    ]
)
SIGNED = st.lists(
    st.fixed_dictionaries(
        {
            "text_hash": st.sampled_from([None, b"a", b"b", b"c", b"d"]),
            "length": st.integers(0, 2),
            "priority": st.integers(0, 1),
            "batch": st.integers(0, 2),
            "bands": st.one_of(st.just([]), st.lists(st.integers(0, 6), min_size=BUCKETS, max_size=BUCKETS)),
            "joined": st.sampled_from([None, "exact", "minhash"]),
        }
    ),
    max_size=14,
)


def documents(rows, first_new):
    """Random rows of `signatures`; old ones may have joined the first old document, which nothing dropped."""
    found = []
    for number, row in enumerate(rows):
        is_new = row["batch"] >= first_new
        survivor, method, similarity = f"{number:02}", None, None
        host = next((other["doc_id"] for other in found if not other["is_new"]), None)
        if not is_new and host and row["joined"]:
            survivor, method = host, row["joined"]
            similarity = 1.0 if method == "exact" else 0.8
        facts = {"doc_id": f"{number:02}", "is_new": is_new, "survivor": survivor}
        found.append({**row, **facts, "method": method, "similarity": similarity})
    return found


def plain_followers(rows):
    def order(row):
        return row["batch"], -row["priority"], -row["length"], row["doc_id"]

    followers = set()
    for row in rows:
        fellows = [other for other in rows if row["text_hash"] and other["text_hash"] == row["text_hash"]]
        first = min(fellows, key=order, default=row)
        if row["is_new"] and first is not row:
            same = first["survivor"] == first["doc_id"] or first["method"] == "exact"
            similarity = 1.0 if same else first["similarity"]
            followers.add((row["doc_id"], first["survivor"], similarity, same, not first["is_new"]))
    return followers


def plain_components(rows, followers):
    """Vertices that share a bucket with another, in a bucket that a new document is in -> vertex, component."""
    leading = [row for row in rows if row["doc_id"] not in {follower[0] for follower in followers}]
    neighbours = {row["survivor"]: {row["survivor"]} for row in leading}
    for bucket in range(BUCKETS):
        for key in {row["bands"][bucket] for row in leading if row["bands"]}:
            inside = [row for row in leading if row["bands"] and row["bands"][bucket] == key]
            if any(row["is_new"] for row in inside):
                for one, other in combinations({row["survivor"] for row in inside}, 2):
                    neighbours[one].add(other)
                    neighbours[other].add(one)
    reached = dict(neighbours)
    for _ in reached:
        reached = {vertex: set().union(*(reached[other] for other in near)) for vertex, near in reached.items()}
    return {(vertex, min(component)) for vertex, component in reached.items() if len(component) > 1}


@settings(deadline=None)
@given(SIGNED, st.integers(0, 2))
def test_groups_are_those_of_the_definition(rows, first_new):
    rows = documents(rows, first_new)
    groups = group(pa.Table.from_pylist(rows, SCHEMA), exact=True)
    followers = plain_followers(rows)
    assert {tuple(row.values()) for row in groups.followers.to_pylist()} == followers
    members = groups.members.to_pylist()
    assert {(row["vertex"], row["component"]) for row in members} == plain_components(rows, followers)
    is_new = {row["doc_id"]: row["is_new"] for row in rows}
    assert all(row["is_new"] == is_new[row["vertex"]] for row in members)


def test_members_carry_their_place_in_the_total_order():
    same = {"text_hash": None, "bands": [1] * BUCKETS, "joined": None}
    places = [(1, 9, 9), (0, 0, 5), (0, 1, 1), (0, 0, 7)]  # batch, priority, length
    rows = [{**same, "batch": batch, "priority": p, "length": length} for batch, p, length in places]
    groups = group(pa.Table.from_pylist(documents(rows, 0), SCHEMA), exact=True)
    by_order = sorted(groups.members.to_pylist(), key=lambda row: row["order"])
    assert [row["vertex"] for row in by_order] == ["02", "03", "01", "00"]


def test_equal_texts_lead_nowhere_where_exact_duplicates_are_not_looked_for():
    rows = [{"text_hash": b"a", "bands": [], "joined": None, "batch": 0, "priority": 0, "length": 1}] * 2
    groups = group(pa.Table.from_pylist(documents(rows, 0), SCHEMA), exact=False)
    assert (len(groups.followers), len(groups.members)) == (0, 0)


def test_a_survivor_without_signature_is_named():
    row = documents([{"text_hash": None, "bands": [], "joined": None, "batch": 0, "priority": 0, "length": 1}], 0)[0]
    with pytest.raises(LookupError, match="document lost survives in table duplicates but has no signature"):
        group(pa.Table.from_pylist([{**row, "survivor": "lost"}], SCHEMA), exact=True)

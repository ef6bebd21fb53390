"""A lake from which documents were retracted delivers what a lake that never had them delivers."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from retracted_lakes import PeopleLake, text

TOPICS = ("ferry", "harbour", "lighthouse", "mill", "quay")
TEXTS = {
    **{f"{topic}.txt": text(topic, 12) for topic in TOPICS},
    "copy.txt": text("ferry", 12),
    "near.txt": text("ferry", 12) + " It was late.",
    "nearer.txt": text("harbour", 12) + " It was early, and the sea was calm.",
}

numbers = itertools.count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("properties")


@pytest.mark.slow
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sets(st.sampled_from(sorted(TEXTS)), min_size=1, max_size=6))
def test_retracting_gives_the_lake_that_never_had_them(engine, folder, names):
    number = next(numbers)
    one = PeopleLake(engine, folder / f"one{number}")
    for name, content in TEXTS.items():
        one.write(name, content)
    assert one.run() == 0
    chosen = [row["doc_id"] for row in one.rows("documents") if row["path"] in names]
    outcome = one.retract(*chosen)
    assert not outcome.unfinished
    gone = {row["path"] for row in one.rows("retractions")}
    assert names <= gone
    assert {TEXTS[name] for name in gone} == {TEXTS[name] for name in names}  # with exact copies, and nothing else

    (tokenizer,) = (folder / f"one{number}" / "lake" / "tokenizers").glob("*.json")
    two = PeopleLake(engine, folder / f"two{number}", tokenizer={"load": str(tokenizer)})
    for name, content in TEXTS.items():
        if name not in gone:
            two.write(name, content)
    assert two.run() == 0
    for table, columns in {
        "documents": ("doc_id", "text"),
        "decisions": ("doc_id", "kept"),
        "duplicates": ("doc_id", "kept", "cluster_id", "cluster_size"),
        "clean_documents": ("doc_id", "text"),
        "tokens": ("doc_id", "ids"),
    }.items():
        found = [
            # a document whose copies all left keeps a row in `duplicates`: it was clustered once
            {tuple(row[name] for name in columns) for row in lake.rows(table) if row.get("cluster_size") != 1}
            for lake in (one, two)
        ]
        assert found[0] == found[1], table
    for table in ("sequences_causal", "sequences_chunks"):
        held = [{each for row in lake.rows(table) for each in row["doc_ids"]} for lake in (one, two)]
        assert held[0] == held[1]
        assert one.lake.rows(table) > 0

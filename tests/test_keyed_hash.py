import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.keyed_hash import BITS, keyed_hash, keyed_hash_sql, threshold


def test_the_hash_is_the_beginning_of_sha256():
    # printf '7/sample:a' | sha256sum
    assert keyed_hash("a", 7, "sample") == 0xFC9BEAB63FBFE8F


@given(st.text(), st.integers(0, 99))
def test_hashes_fit_their_width(text, seed):
    assert 0 <= keyed_hash(text, seed, "any") < 1 << BITS


def test_another_seed_or_purpose_gives_another_hash():
    hashes = {keyed_hash("a", seed, purpose) for seed in (0, 1) for purpose in ("split", "shard")}
    assert len(hashes) == 4


@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.5, 1.0])
def test_a_threshold_cuts_off_its_share(fraction):
    below = sum(keyed_hash(str(number), 0, "share") < threshold(fraction) for number in range(10_000))
    assert below == pytest.approx(fraction * 10_000, abs=200)


def test_spark_computes_the_same_hash(spark):
    texts = ["", "a", "ü", "漢字", "'quoted'", "0" * 32]
    frame = spark.createDataFrame([(text,) for text in texts], "doc_id string")
    computed = [row[0] for row in frame.selectExpr(keyed_hash_sql("doc_id", 3, "sample")).collect()]
    assert computed == [keyed_hash(text, 3, "sample") for text in texts]

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sequences import shard
from pipelines.sequences.config import PackConfig
from pipelines.sequences.order import sequence_id
from pipelines.sequences.shard import PackError, Shard, TokenFormat
from pipelines.tables import TOKENS, sequences

FORMAT = TokenFormat(tokenizer="feedbeef", separator=1, pad=0, item_size=2)
WIDE = TokenFormat(tokenizer="feedbeef", separator=70_000, pad=70_001, item_size=4)
COUNTS = st.lists(st.integers(0, 25), min_size=1, max_size=20)
CONFIGS = st.builds(PackConfig, length=st.integers(2, 16), strategy=st.sampled_from(["concat", "best_fit"]))


def tokens_of(counts: list[int], token_format: TokenFormat = FORMAT) -> pa.Table:
    """Documents d000, d001, ... whose ids are 2, 3, 4, ... through all of them."""
    ends = np.cumsum([0, *counts]) + 2
    rows = [
        {
            "doc_id": f"d{document:03}",
            "tokenizer": token_format.tokenizer,
            "ids": np.arange(ends[document], ends[document + 1]).astype(token_format.dtype).tobytes(),
            "n_tokens": count,
        }
        for document, count in enumerate(counts)
    ]
    whole = pa.Table.from_pylist(rows, schema=TOKENS.schema)
    columns = {"start": pa.array([0] * len(counts), pa.int64()), "closed": pa.array([True] * len(counts))}
    for name, values in columns.items():
        whole = whole.append_column(name, values)
    return whole


def packed(tokens: pa.Table, config: PackConfig, token_format: TokenFormat = FORMAT, first: int = 0) -> pa.Table:
    batches = shard.rows(tokens, Shard("train", first), config, token_format, "run")
    return pa.Table.from_batches(batches, schema=sequences(config.name).schema)


def test_a_row_by_hand():
    [row] = packed(tokens_of([2, 1]), PackConfig(length=8)).to_pylist()
    first, second = row["doc_ids"]
    spelled = {"d000": [2, 3, 1], "d001": [4, 1]}
    assert np.frombuffer(row["ids"], "<u2").tolist() == [*spelled[first], *spelled[second], 0, 0, 0]
    assert {first, second} == {"d000", "d001"}
    assert row["doc_lengths"] == [len(spelled[first]), len(spelled[second])]
    assert row["doc_offsets"] == [0, 0]
    assert (row["n_tokens"], row["position"], row["split"], row["run_id"]) == (5, 0, "train", "run")
    assert row["sequence_id"] == sequence_id("causal", [("d000", 0, 3), ("d001", 0, 2)])


@settings(deadline=None)
@given(COUNTS, CONFIGS)
def test_documents_can_be_read_back_from_the_rows(counts, config):
    tokens = tokens_of(counts)
    parts: dict[str, dict[int, list[int]]] = {}
    for row in packed(tokens, config).to_pylist():
        ids = np.frombuffer(row["ids"], FORMAT.dtype)
        assert len(ids) == config.length
        assert row["n_tokens"] == sum(row["doc_lengths"])
        assert not ids[row["n_tokens"] :].any()
        ends = np.cumsum(row["doc_lengths"])
        for doc_id, start, piece in zip(row["doc_ids"], row["doc_offsets"], np.split(ids, ends)[:-1], strict=True):
            parts.setdefault(doc_id, {})[start] = piece.tolist()
    read_back = {doc_id: [each for start in sorted(held) for each in held[start]] for doc_id, held in parts.items()}
    assert read_back == {
        row["doc_id"]: [*np.frombuffer(row["ids"], FORMAT.dtype), FORMAT.separator] for row in tokens.to_pylist()
    }


@settings(deadline=None)
@given(COUNTS, CONFIGS, st.randoms(use_true_random=False), st.integers(1, 5))
def test_rows_do_not_depend_on_the_order_or_the_batches_of_the_documents(counts, config, random, batch):
    tokens = tokens_of(counts)
    shuffled = tokens.take(random.sample(range(len(counts)), len(counts)))
    batched = pa.Table.from_batches(shuffled.to_batches(max_chunksize=batch))
    assert packed(batched, config) == packed(tokens, config)


@given(COUNTS, st.integers(0, 100))
def test_positions_count_on_from_the_shards_before(counts, first):
    positions = packed(tokens_of(counts), PackConfig(length=4), first=first)["position"].to_pylist()
    assert positions == list(range(first, first + len(positions)))


def test_batches_of_rows_are_bounded_and_join_without_a_seam(monkeypatch):
    config = PackConfig(length=4)
    whole = packed(tokens_of([9] * 20), config)
    monkeypatch.setattr(shard, "ROWS_BYTES", 3 * 4 * FORMAT.item_size)
    batches = list(shard.rows(tokens_of([9] * 20), Shard("train"), config, FORMAT, "run"))
    assert max(map(len, batches)) == 3
    assert pa.Table.from_batches(batches) == whole


def test_another_seed_gives_another_order_of_rows():
    one, other = (packed(tokens_of([7] * 40), PackConfig(length=8, seed=seed)) for seed in (0, 1))
    assert one["sequence_id"] != other["sequence_id"]
    assert set(one["sequence_id"].to_pylist()) == set(other["sequence_id"].to_pylist())


def test_a_large_vocabulary_keeps_its_ids():
    [row] = packed(tokens_of([3], WIDE), PackConfig(length=6), WIDE).to_pylist()
    assert np.frombuffer(row["ids"], "<u4").tolist() == [2, 3, 4, 70_000, 70_001, 70_001]


def test_a_separator_that_does_not_fit_is_refused():
    with pytest.raises(OverflowError):
        packed(tokens_of([3]), PackConfig(length=6), TokenFormat("feedbeef", 70_000, 0, 2))


def test_tokens_of_another_tokenizer_are_refused():
    with pytest.raises(PackError, match="document d000 was encoded by another tokenizer than other"):
        packed(tokens_of([3]), PackConfig(), TokenFormat("other", 1, 0, 2))


def test_ids_of_another_width_are_refused():
    with pytest.raises(PackError, match="document d000: `ids` does not hold n_tokens ids of 4 bytes"):
        packed(tokens_of([3]), PackConfig(), TokenFormat("feedbeef", 1, 0, 4))

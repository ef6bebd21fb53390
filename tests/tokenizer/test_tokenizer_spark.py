import numpy as np
import pyarrow as pa
import pytest

from pipelines.keyed_hash import keyed_hash
from pipelines.tables import TOKENS
from pipelines.tokenizer import spark as tokenizer_spark
from pipelines.tokenizer.choice import EncoderChoice
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.encode import Encoder

TEXTS = {f"d{number:03}": f"Document {number} — " + "ü" * (number % 7) for number in range(60)}


@pytest.fixture(scope="module")
def clean_documents(spark):
    rows = [(doc_id, text, f"c{doc_id}") for doc_id, text in TEXTS.items()]
    return spark.createDataFrame(rows, "doc_id string, text string, split_group_id string").cache()


@pytest.mark.parametrize("sample_bytes", [1, 300, 10**9])
def test_the_sample_is_the_beginning_of_all_texts_in_keyed_order(clean_documents, sample_bytes):
    config = TokenizerConfig(sample_bytes=sample_bytes, seed=9)
    in_order = sorted(TEXTS, key=lambda doc_id: (keyed_hash(doc_id, 9, "sample"), doc_id))
    everything = "".join(TEXTS[doc_id] for doc_id in in_order).encode()
    expected = everything[:sample_bytes].decode(errors="ignore")
    for partitions in (1, 4):
        assert "".join(tokenizer_spark.sample(clean_documents.repartition(partitions), config)) == expected


def test_no_documents_give_no_sample(clean_documents):
    assert tokenizer_spark.sample(clean_documents.where("false"), TokenizerConfig()) == []


def test_the_texts_to_check_are_the_beginnings_of_the_first_in_keyed_order(clean_documents):
    in_order = sorted(TEXTS, key=lambda doc_id: (keyed_hash(doc_id, 0, "encoder"), doc_id))
    expected = [TEXTS[doc_id][:10] for doc_id in in_order[:7]]
    for partitions in (1, 4):
        assert tokenizer_spark.texts_to_check(clean_documents.repartition(partitions), 7, 10) == expected


@pytest.mark.parametrize("encoder", ["fastokens", "tokenizers"])
def test_tokens_hold_what_the_encoder_gives(clean_documents, bpe, encoder):
    choice = EncoderChoice(encoder, "for the test")
    frame = tokenizer_spark.tokens(clean_documents.repartition(3), bpe, "run-1", choice).frame()
    rows = {row["doc_id"]: row for row in frame.toArrow().to_pylist()}
    ids, n_tokens = Encoder(bpe).encode(pa.array(TEXTS.values()))
    assert rows == {
        doc_id: {
            "doc_id": doc_id,
            "tokenizer": bpe.fingerprint,
            "ids": each,
            "n_tokens": count,
            "split_group_id": f"c{doc_id}",
            "run_id": "run-1",
        }
        for doc_id, each, count in zip(TEXTS, ids.to_pylist(), n_tokens.tolist(), strict=True)
    }
    assert frame.columns == TOKENS.schema.names
    assert all(len(row["ids"]) == row["n_tokens"] * bpe.dtype.itemsize for row in rows.values())
    assert np.frombuffer(rows["d000"]["ids"], bpe.dtype).max() < bpe.vocabulary_size

"""The Spark edge of the tokenizer: a keyed sample to train on, and the tables `tokens` and `pair_tokens`."""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from pipelines.keyed_hash import BITS, keyed_hash_sql
from pipelines.tables import PAIR_TOKENS, TOKENS
from pipelines.tokenizer.choice import EncoderChoice
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.tokenizer.encode import Encoder, EncoderName, one_thread
from pipelines.tokenizer.load import LoadedTokenizer
from pipelines.tokenizer.sample import Choice, choose, first_guess, prefix
from pipelines.workers.mapped import Mapped


def sample(clean_documents: DataFrame, config: TokenizerConfig) -> list[str]:
    """Collects at most `sample_bytes` of text, in keyed order, whatever the partitions.

    Keys and sizes are collected for somewhat more documents than the sample, texts for the sample only.
    """
    sized = clean_documents.select(
        "doc_id",
        F.expr(keyed_hash_sql("doc_id", config.seed, "sample")).alias("hash"),
        F.octet_length("text").cast("long").alias("size"),
        "text",
    )
    total = sized.agg(F.coalesce(F.sum("size"), F.lit(0))).head()[0]
    bound = first_guess(total, config.sample_bytes)
    while True:
        candidates = sized.where(F.col("hash") < bound).select("doc_id", "hash", "size").toArrow()
        if bound >= 1 << BITS or sum(candidates["size"].to_pylist()) >= config.sample_bytes:
            break
        bound = min(1 << BITS, bound * 2)
    doc_ids, hashes = candidates["doc_id"].to_pylist(), candidates["hash"].to_numpy()
    choice = choose(hashes, doc_ids, candidates["size"].to_numpy(), config.sample_bytes)
    return _texts(sized, choice, doc_ids, hashes)


def sides(clean_pairs: DataFrame) -> DataFrame:
    """Both sides of sentence pairs as documents: doc_id (unique), text."""

    def side(name: str) -> DataFrame:
        return clean_pairs.select(
            F.concat("pair_id", F.lit(f" {name}")).alias("doc_id"), F.col(f"{name}_text").alias("text")
        )

    return side("source").unionByName(side("target"))


def _texts(sized: DataFrame, choice: Choice, doc_ids: list[str], hashes: np.ndarray) -> list[str]:
    """The texts of the chosen documents. Of the last, which may be huge, only the beginning is collected."""
    if not len(choice.rows):
        return []
    last = int(choice.rows[-1])
    bound = F.lit(int(hashes[last])).cast("long")
    within = (F.col("hash") < bound) | ((F.col("hash") == bound) & (F.col("doc_id") <= doc_ids[last]))
    shortened = F.when(F.col("doc_id") == doc_ids[last], F.left("text", F.lit(choice.last_bytes))).otherwise(
        F.col("text")
    )
    rows = sized.where(within).select("doc_id", shortened.alias("text")).toArrow()
    by_id = dict(zip(rows["doc_id"].to_pylist(), rows["text"].to_pylist(), strict=True))
    texts = [by_id[doc_ids[row]] for row in choice.rows]
    return [*texts[:-1], prefix(texts[-1], choice.last_bytes)]


def texts_to_check(clean_documents: DataFrame, documents: int = 64, characters: int = 2_048) -> list[str]:
    """The beginnings of the first documents in keyed order, about 100 kB: what encoders are compared on."""
    keyed = clean_documents.select(
        F.expr(keyed_hash_sql("doc_id", 0, "encoder")).alias("hash"),
        "doc_id",
        F.substring("text", 1, characters).alias("text"),
    )
    return keyed.orderBy("hash", "doc_id").limit(documents).toArrow()["text"].to_pylist()


def tokens(clean_documents: DataFrame, tokenizer: LoadedTokenizer, run_id: str, choice: EncoderChoice) -> Mapped:
    """The table `tokens` of `clean_documents` (doc_id, text, split_group_id), encoded by the chosen package."""
    needed = clean_documents.select("doc_id", "text", "split_group_id")
    return Mapped(needed, _encoding(tokenizer.json, choice.name, run_id), TOKENS.schema)


def _encoding(
    content: str, by: EncoderName, run_id: str
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function that tasks run; the tokenizer is pickled with it."""

    def encode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        one_thread()
        tokenizer, encoder = _ready(content, by)
        for batch in batches:
            ids, n_tokens = encoder.encode(batch["text"])
            yield pa.RecordBatch.from_pydict(
                {
                    "doc_id": batch["doc_id"],
                    "tokenizer": [tokenizer.fingerprint] * len(batch),
                    "ids": ids.cast(pa.binary()),
                    "n_tokens": n_tokens,
                    "split_group_id": batch["split_group_id"],
                    "run_id": [run_id] * len(batch),
                },
                schema=TOKENS.schema,
            )

    return encode


def pair_tokens(clean_pairs: DataFrame, tokenizer: LoadedTokenizer, run_id: str, choice: EncoderChoice) -> Mapped:
    """The table `pair_tokens` of `clean_pairs`, encoded by the chosen package."""
    named = [name for name in PAIR_TOKENS.schema.names if name in clean_pairs.columns and name != "run_id"]
    needed = clean_pairs.select(*named, "source_text", "target_text")
    return Mapped(needed, _encoding_pairs(tokenizer.json, choice.name, run_id), PAIR_TOKENS.schema)


def _encoding_pairs(
    content: str, by: EncoderName, run_id: str
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """As `_encoding`."""

    def encode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        one_thread()
        tokenizer, encoder = _ready(content, by)
        for batch in batches:
            made = {name: batch[name] for name in batch.schema.names if not name.endswith("_text")}
            for side in ("source", "target"):
                ids, made[f"n_{side}"] = encoder.encode(batch[f"{side}_text"])
                made[f"{side}_ids"] = ids.cast(pa.binary())
            made |= {"tokenizer": [tokenizer.fingerprint] * len(batch), "run_id": [run_id] * len(batch)}
            yield pa.RecordBatch.from_pydict(made, schema=PAIR_TOKENS.schema)

    return encode


@lru_cache(maxsize=2)
def _ready(content: str, by: EncoderName) -> tuple[LoadedTokenizer, Encoder]:
    """Built once per worker process, not once per task."""
    tokenizer = LoadedTokenizer(content)
    return tokenizer, Encoder(tokenizer, by)

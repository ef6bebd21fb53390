"""Small tables of a lake, made by hand, of known documents."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.export.source import Source
from lake.commits import CommitMetadata
from lake.lake import Lake
from pipelines.sequences import shard
from pipelines.sequences.config import PackConfig
from pipelines.sequences.shard import Shard, TokenFormat
from pipelines.tables import TOKENS, SequenceFormat, Table, sequences

SEPARATOR = 1
NOTE = CommitMetadata("run", "pack", "rebuild", "c", "v", {}, 0.0)


def token_format(item_size: int = 2) -> TokenFormat:
    return TokenFormat(tokenizer="feedbeef", separator=SEPARATOR, pad=0, item_size=item_size)


def packed(documents: Mapping[str, Sequence[int]], config: PackConfig, item_size: int = 2) -> pa.Table:
    """The rows of documents, as the stage pack makes them."""
    rows = [
        {
            "doc_id": doc_id,
            "tokenizer": "feedbeef",
            "ids": np.array(ids, f"<u{item_size}").tobytes(),
            "n_tokens": len(ids),
        }
        for doc_id, ids in documents.items()
    ]
    tokens = pa.Table.from_pylist(rows, schema=TOKENS.schema)
    tokens = tokens.append_column("start", pa.array([0] * len(rows), pa.int64()))
    tokens = tokens.append_column("closed", pa.array([True] * len(rows)))
    batches = shard.rows(tokens, Shard("train"), config, token_format(item_size), "run")
    return pa.Table.from_batches(batches, schema=sequences(config.name).schema)


def lake_of(folder: Path, rows: pa.Table, table: Table) -> Lake:
    """A lake with one table, or a new version of it."""
    lake = Lake(str(folder))
    lake.overwrite(rows, table, NOTE, lake.version(table.name))
    return Lake(str(folder))


def causal(folder: Path, documents: Mapping[str, Sequence[int]], config: PackConfig, item_size: int = 2) -> Source:
    """A table of packed rows."""
    described = token_format(item_size).of_rows(config.length)
    lake = lake_of(folder, packed(documents, config, item_size), sequences(config.name, described))
    return Source.open(lake, f"sequences_{config.name}", None)


def rows_of_objective(folder: Path, described: SequenceFormat, rows: Sequence[Mapping[str, Any]]) -> Source:
    """A table of rows for an objective, named after it; what a test does not say is filled in."""
    table = sequences(described.objective, described)
    item = described.id_bits // 8
    whole = [
        {
            "sequence_id": f"s{number}",
            "split": "train",
            "position": number,
            "n_tokens": len(row["ids"]),
            "doc_ids": ["a"] * len(row["doc_lengths"]),
            "doc_offsets": [0] * len(row["doc_lengths"]),
            "run_id": "run",
            **row,
            "ids": np.array(
                [*row["ids"], *[described.pad_id] * (described.length - len(row["ids"]))]
                if described.has_fixed_width
                else row["ids"],
                f"<u{item}",
            ).tobytes(),
        }
        for number, row in enumerate(rows)
    ]
    lake = lake_of(folder, pa.Table.from_pylist(whole, schema=table.schema), table)
    return Source.open(lake, table.name, None)

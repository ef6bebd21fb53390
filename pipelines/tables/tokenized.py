"""What the stage tokenize writes."""

import pyarrow as pa

from pipelines.tables.table import Table, columns

TOKENS = Table(
    "tokens",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        tokenizer=pa.string(),  # content hash of tokenizer.json
        ids=pa.binary(),  # uint16, or uint32 when the vocabulary passes 65,536
        n_tokens=pa.int64(),
        split_group_id=pa.string(),
        run_id=pa.string(),
    ),
    compression="lz4_raw",
    about="token ids per clean document, no special tokens added",
)

PAIR_TOKENS = Table(
    "pair_tokens",
    key=("pair_id",),
    schema=columns(
        pair_id=pa.string(),
        tokenizer=pa.string(),  # content hash of tokenizer.json
        source_ids=pa.binary(),  # as `tokens.ids`
        target_ids=pa.binary(),
        n_source=pa.int64(),
        n_target=pa.int64(),
        source_language=pa.string(),
        target_language=pa.string(),
        split_group_id=pa.string(),
        run_id=pa.string(),
    ),
    compression="lz4_raw",
    about="token ids of both sides per clean pair, no special tokens added",
)

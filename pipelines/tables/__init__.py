"""THE contract: every table's columns, key, partitioning and invariants.

Schemas are Arrow schemas, so this package imports without Spark: training and serving read it too.
Timestamps are microseconds in UTC. Binary ids are little-endian.
"""

from pipelines.tables.bitext import (
    BITEXT,
    CLEAN_PAIRS,
    PAIR_DECISIONS,
    PAIR_DUPLICATES,
    PAIR_INPUTS,
    PAIR_MEASURES,
    PAIR_REJECTS,
    PAIRS,
)
from pipelines.tables.cleaned import CONTAMINATION, DECISIONS, MEASURES
from pipelines.tables.contract import CONTRACT, CONTRACT_PROPERTY, ContractError, contract_of, require_contract
from pipelines.tables.deduplicated import (
    CLEAN_DOCUMENTS,
    DUPLICATES,
    PASSAGE_DECISIONS,
    PASSAGES,
    SIGNATURES,
)
from pipelines.tables.ingested import DOCUMENTS, INPUTS, REJECTS
from pipelines.tables.packed import OBJECTIVES, PACKED, SequenceFormat, sequences
from pipelines.tables.retracted import RETRACTIONS
from pipelines.tables.runs import RUNS
from pipelines.tables.table import STATISTICS, TEXT_MAP, TIMESTAMP, WITHOUT_DICTIONARY, Table
from pipelines.tables.tokenized import PAIR_TOKENS, TOKENS

TABLES = (
    INPUTS,
    DOCUMENTS,
    REJECTS,
    MEASURES,
    CONTAMINATION,
    DECISIONS,
    SIGNATURES,
    DUPLICATES,
    PASSAGES,
    PASSAGE_DECISIONS,
    CLEAN_DOCUMENTS,
    TOKENS,
    *BITEXT,
    PAIR_TOKENS,
    RETRACTIONS,
    RUNS,
)
"""All tables but those of sequences."""

__all__ = [
    "BITEXT",
    "CLEAN_DOCUMENTS",
    "CLEAN_PAIRS",
    "CONTAMINATION",
    "CONTRACT",
    "CONTRACT_PROPERTY",
    "DECISIONS",
    "DOCUMENTS",
    "DUPLICATES",
    "INPUTS",
    "MEASURES",
    "OBJECTIVES",
    "PACKED",
    "PAIRS",
    "PAIR_DECISIONS",
    "PAIR_DUPLICATES",
    "PAIR_INPUTS",
    "PAIR_MEASURES",
    "PAIR_REJECTS",
    "PAIR_TOKENS",
    "PASSAGES",
    "PASSAGE_DECISIONS",
    "REJECTS",
    "RETRACTIONS",
    "RUNS",
    "SIGNATURES",
    "STATISTICS",
    "TABLES",
    "TEXT_MAP",
    "TIMESTAMP",
    "TOKENS",
    "WITHOUT_DICTIONARY",
    "ContractError",
    "SequenceFormat",
    "Table",
    "contract_of",
    "require_contract",
    "sequences",
]

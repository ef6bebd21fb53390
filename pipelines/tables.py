"""THE contract: every table's columns, key, partitioning and invariants.

Schemas are Arrow schemas, so this module imports without Spark: training and serving read it too.
Timestamps are microseconds in UTC. Binary ids are little-endian.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import pyarrow as pa

from pipelines.errors import MisuseError

CONTRACT = 2
"""Version of this contract. It grows whenever a table changes so that earlier programs would misread it.

1: `clean_documents` and `tokens` had the column `cluster_id` for what is `split_group_id` now; documents and rejects
had no `path`; `inputs` had a row for each reading of a file; `measures.text` was what C4's line rules left; there were
no properties.
"""

CONTRACT_PROPERTY = "tokenlake.contract"
"""Property of every table: the version of the contract that it follows. Tables without it follow version 1."""

_CONTRACT = {CONTRACT_PROPERTY: str(CONTRACT)}


class ContractError(MisuseError, RuntimeError):
    """A table follows another version of the contract than this program."""


def require_contract(lake: str, table: str, properties: Mapping[str, str]) -> None:
    """Requires that a table of a lake follows this version of the contract.

    Raises:
        ContractError: it does not; the message says what to do.
    """
    found = contract_of(properties)
    if found < CONTRACT:
        raise ContractError(
            f"{lake}: {table} follows contract {found}, this program {CONTRACT}: run `tokenlake upgrade {lake}` first"
        )
    if found > CONTRACT:
        raise ContractError(
            f"{lake}: {table} follows contract {found} of a newer tokenlake, this program {CONTRACT}: install that one"
        )


def contract_of(properties: Mapping[str, str]) -> int:
    """The version of the contract that a table with these properties follows."""
    return int(properties.get(CONTRACT_PROPERTY, 1))


TEXT_MAP = pa.map_(pa.string(), pa.string())
TIMESTAMP = pa.timestamp("us", tz="UTC")

STATISTICS = frozenset(
    (
        "doc_id",
        "source",
        "path",
        "language",
        "position",
        "batch",
        "cluster_id",
        "sequence_id",
        "n_tokens",
        "run_id",
        "stage",
        "event_timestamp",
        "created",
    )
)
"""Columns whose smallest and largest value stand in Delta's log for each file, and in the row groups; long texts do
not."""

WITHOUT_DICTIONARY = frozenset(("ids", "text", "c4_text", "doc_id", "sequence_id", "text_hash", "bands", "sample"))
"""Columns whose values hardly ever repeat: a dictionary would be built and given up. A reader gets `ids`, written
plain, as one buffer for each row group."""


@dataclass(frozen=True)
class Table:
    """One Delta table of a lake.

    `compression` is chosen for the table's readers.
    """

    name: str
    key: tuple[str, ...]
    schema: pa.Schema
    partition_by: tuple[str, ...] = ()
    compression: str = "zstd"
    about: str = ""
    properties: Mapping[str, str] = field(default_factory=lambda: _CONTRACT, hash=False)


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, dtype) for name, dtype in columns.items()])


def _struct(**fields: pa.DataType) -> pa.StructType:
    return pa.struct(list(fields.items()))


_FINEWEB = _struct(
    lines=pa.int64(),  # that are not blank
    line_punct_ratio=pa.float64(),  # lines whose last character is terminal punctuation
    short_line_ratio=pa.float64(),
    char_dup_ratio=pa.float64(),  # characters in lines seen before, of all but newlines
    list_ratio=pa.float64(),  # newlines per word
)


INPUTS = Table(
    "inputs",
    key=("source", "path"),
    schema=_schema(
        source=pa.string(),
        path=pa.string(),  # below the source's root; enters doc_id
        uri=pa.string(),  # where the file lay when it was read
        root=pa.string(),  # of the source, then
        format=pa.string(),
        size=pa.int64(),  # bytes
        fingerprint=pa.string(),  # of the file's size and content
        stamp=pa.string(),  # size and time of change: while it stays the same, so does the fingerprint
        settings=pa.string(),  # version of the readers, and fingerprint of the settings that the file was read with
        retry=pa.bool_(),  # whether the file could not be read to its end, so that the next run tries again
        rows_read=pa.int64(),  # counted by the reader; rows_read + kept = documents + rejects
        documents=pa.int64(),  # rows of the file in `documents`
        rejects=pa.int64(),  # rows of the file in `rejects`
        known=pa.int64(),  # of the documents: those that were there before the last reading
        kept=pa.int64(),  # of the documents: those that the file no longer holds
        skipped=pa.map_(pa.string(), pa.int64()),  # records that are no content (WARC requests, metadata), by type
        bytes_read=pa.int64(),
        run_id=pa.string(),
        recorded_at=TIMESTAMP,
    ),
    about="every input file, as it was last read; committed after its documents and rejects",
)

DOCUMENTS = Table(
    "documents",
    key=("doc_id",),
    schema=_schema(
        doc_id=pa.string(),
        source=pa.string(),
        path=pa.string(),  # of the file, as in `inputs`
        uri=pa.string(),
        position=pa.int64(),
        text=pa.string(),
        language=pa.string(),
        language_score=pa.float64(),
        meta=TEXT_MAP,
        run_id=pa.string(),
        ingested_at=TIMESTAMP,
    ),
    about="one row per document read, text as extracted",
)

REJECTS = Table(
    "rejects",
    key=("source", "path", "position"),
    schema=_schema(
        source=pa.string(),
        path=pa.string(),  # of the file, as in `inputs`
        uri=pa.string(),
        position=pa.int64(),
        reason=pa.string(),
        detail=pa.string(),
        sample=pa.binary(),
        run_id=pa.string(),
        ingested_at=TIMESTAMP,
    ),
    about="input that could not become a document, with reason, position and the first bytes",
)

MEASURES = Table(
    "measures",
    key=("doc_id",),
    schema=_schema(
        doc_id=pa.string(),
        source=pa.string(),
        language=pa.string(),
        language_score=pa.float64(),
        url=pa.string(),  # null where the document has none
        http_status=pa.int64(),  # of the response it was read from; null where the document has none
        gopher_repetition=_struct(
            dup_para_frac=pa.float64(),
            dup_para_char_frac=pa.float64(),
            dup_line_frac=pa.float64(),
            dup_line_char_frac=pa.float64(),
            top_2_gram=pa.float64(),
            top_3_gram=pa.float64(),
            top_4_gram=pa.float64(),
            duplicated_5_n_grams=pa.float64(),
            duplicated_6_n_grams=pa.float64(),
            duplicated_7_n_grams=pa.float64(),
            duplicated_8_n_grams=pa.float64(),
            duplicated_9_n_grams=pa.float64(),
            duplicated_10_n_grams=pa.float64(),
        ),
        gopher_quality=_struct(
            words=pa.int64(),  # that are not symbols
            mean_word_length=pa.float64(),  # of words that are not symbols, in characters
            hash_ratio=pa.float64(),  # `#` per word
            ellipsis_ratio=pa.float64(),  # `...` and `…` per word
            bullet_line_ratio=pa.float64(),  # lines that start with `•` or `-`
            ellipsis_line_ratio=pa.float64(),  # lines that end in `...` or `…`
            alpha_word_ratio=pa.float64(),  # words with a letter
            stop_words=pa.int64(),  # distinct ones; null for languages without a list
        ),
        c4=_struct(
            sentences=pa.int64(),  # of the lines kept
            lorem_ipsum=pa.bool_(),
            curly_bracket=pa.bool_(),
            lines_read=pa.int64(),
            lines_kept=pa.int64(),
            too_long_word=pa.int64(),  # lines dropped, as the counts below
            no_terminal_punctuation=pa.int64(),
            too_few_words=pa.int64(),
            javascript=pa.int64(),
            policy=pa.int64(),
        ),
        fineweb=_FINEWEB,
        size=_struct(characters=pa.int64(), words=pa.int64(), lines=pa.int64()),
        # These two are of the text that C4's line rules leave, all others of the text as read.
        c4_fineweb=_FINEWEB,
        c4_size=_struct(characters=pa.int64()),
        text=pa.string(),  # as read; later stages read it here, so texts are never joined
        c4_text=pa.string(),  # what C4's line rules leave of it; null where they leave it as it is
        run_id=pa.string(),
    ),
    about="every measure of every rule set, and the texts that a policy chooses from",
)

DECISIONS = Table(
    "decisions",
    key=("doc_id",),
    schema=_schema(
        doc_id=pa.string(),
        policy=pa.string(),  # name@fingerprint
        kept=pa.bool_(),
        reasons=pa.list_(pa.string()),  # `<rule set>.<rule>`, in policy order
        run_id=pa.string(),
    ),
    about="keep or drop under one policy, with every failed rule",
)

SIGNATURES = Table(
    "signatures",
    key=("doc_id",),
    schema=_schema(
        doc_id=pa.string(),
        text_hash=pa.binary(),  # 16 bytes: equal for exact duplicates
        length=pa.int64(),  # code points of the text that is compared
        priority=pa.int32(),  # of the source, higher survives
        batch=pa.int64(),  # order of arrival: 0 for the first dedup commit, then 1, ...
        bands=pa.list_(pa.int64()),  # one hash per MinHash bucket; empty when the text has too few words
        run_id=pa.string(),
    ),
    about="hashes and MinHash bands of the documents that the rules kept; new data is compared with them",
)

DUPLICATES = Table(
    "duplicates",
    key=("doc_id",),
    schema=_schema(
        doc_id=pa.string(),
        method=pa.string(),  # exact | minhash
        cluster_id=pa.string(),  # doc_id of the survivor
        cluster_size=pa.int64(),
        kept=pa.bool_(),
        similarity=pa.float64(),  # Jaccard with the survivor; null where it was not computed
        component_id=pa.string(),  # smallest doc_id of the LSH component, before verification
        run_id=pa.string(),
    ),
    about="a row for every clustered document; exactly one per cluster is kept",
)

CLEAN_DOCUMENTS = Table(
    "clean_documents",
    key=("doc_id",),
    schema=_schema(
        doc_id=pa.string(),
        source=pa.string(),
        language=pa.string(),
        text=pa.string(),  # after the passes of the policy: C4's line rules, ftfy, PII
        characters=pa.int64(),  # code points of `text`
        rewritten=pa.map_(pa.string(), pa.int64()),  # pass that changed the text -> characters removed, < 0: added
        pii=pa.map_(pa.string(), pa.int64()),  # kind -> spans replaced
        split_group_id=pa.string(),  # the LSH component when there is one, else doc_id: the held-out split goes by it
        run_id=pa.string(),
    ),
    about="final documents: kept by the rules, one per duplicate cluster, rewritten as the policy says",
)

TOKENS = Table(
    "tokens",
    key=("doc_id",),
    schema=_schema(
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


@dataclass(frozen=True)
class SequenceFormat:
    """What a reader must know of a table of sequences: its table properties `tokenlake.<field>`, as text."""

    objective: str  # causal
    length: int  # tokens of a row
    id_bits: int  # 16 or 32: unsigned, little-endian
    pad_id: int
    separator_id: int  # ends each document
    tokenizer: str  # content hash of tokenizer.json, as in `tokens.tokenizer`

    @property
    def properties(self) -> dict[str, str]:
        """As table properties."""
        return {f"tokenlake.{each.name}": str(getattr(self, each.name)) for each in fields(self)}

    @staticmethod
    def of(properties: Mapping[str, str]) -> "SequenceFormat":
        """The reverse of `properties`.

        Raises:
            KeyError: a property is missing; the error names it.
            ValueError: a number is none.
        """
        found = {each.name: properties[f"tokenlake.{each.name}"] for each in fields(SequenceFormat)}
        numbers = {name: int(found[name]) for name in ("length", "id_bits", "pad_id", "separator_id")}
        return SequenceFormat(**{**found, **numbers})  # type: ignore[arg-type]


PACKED = "sequences_"
"""How the names of tables of sequences begin."""


def sequences(name: str, described: SequenceFormat | None = None) -> Table:
    """Packed training rows of one objective: `sequences_<name>`; to be written, `described` by their format."""
    return Table(
        f"{PACKED}{name}",
        key=("sequence_id",),
        schema=_schema(
            sequence_id=pa.string(),
            split=pa.string(),  # train | heldout
            position=pa.int64(),  # rank in the keyed global shuffle within this commit and split
            ids=pa.binary(),  # sequence_length * item size bytes; padding at the end
            n_tokens=pa.int64(),  # without padding
            doc_lengths=pa.list_(pa.int32()),  # tokens of each document piece; sums to n_tokens
            doc_ids=pa.list_(pa.string()),
            doc_offsets=pa.list_(pa.int64()),  # where each piece starts in its document's tokens
            run_id=pa.string(),
        ),
        partition_by=("split",),
        compression="uncompressed",  # read at 1.6 to 3.6 times the rate of lz4
        about="fixed-width packed token ids with document boundaries",
        properties=_CONTRACT | (described.properties if described else {}),
    )


RUNS = Table(
    "runs",
    key=("run_id",),
    schema=_schema(
        run_id=pa.string(),
        stage=pa.string(),
        table=pa.string(),
        mode=pa.string(),  # append | rebuild
        config_hash=pa.string(),
        code_version=pa.string(),
        inputs=pa.map_(pa.string(), pa.int64()),  # table -> version read
        output_version=pa.int64(),
        rows_in=pa.int64(),
        rows_out=pa.int64(),
        seconds=pa.float64(),
        status=pa.string(),  # done | failed
        detail=pa.map_(pa.string(), pa.string()),
        started_at=TIMESTAMP,
        finished_at=TIMESTAMP,
    ),
    about="one row per stage run that committed or failed",
)

TABLES = (
    INPUTS,
    DOCUMENTS,
    REJECTS,
    MEASURES,
    DECISIONS,
    SIGNATURES,
    DUPLICATES,
    CLEAN_DOCUMENTS,
    TOKENS,
    RUNS,
)
"""All tables but those of sequences."""

"""What the stage pack writes: rows of token ids for training."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import pyarrow as pa

from pipelines.tables.contract import OF_THIS_CONTRACT
from pipelines.tables.table import Table, columns

OBJECTIVES = ("causal", "masked", "translation")
"""What rows can be made for: the next token; hidden tokens and the next sentence (BERT); another language."""

_TEXTS = ("objective", "tokenizer")


@dataclass(frozen=True)
class SequenceFormat:
    """What a reader must know of a table of sequences: its table properties `tokenlake.<field>`, as text.

    The last three are None, and no properties, where the objective needs none.
    """

    objective: str  # one of OBJECTIVES
    length: int  # tokens of a row; of translation: the most that a row may have
    id_bits: int  # 16 or 32: unsigned, little-endian
    pad_id: int
    separator_id: int  # ends each document, segment or side
    tokenizer: str  # content hash of tokenizer.json, as in `tokens.tokenizer`
    start_id: int | None = None  # begins a masked row (BERT's [CLS])
    mask_id: int | None = None  # hides a token of a masked row
    vocabulary: int | None = None  # ids are below; a masked token can become any of them

    @property
    def has_fixed_width(self) -> bool:
        """Whether every row has `length` ids, padding included; rows of translation have as many as they need."""
        return self.objective != "translation"

    @property
    def properties(self) -> dict[str, str]:
        """As table properties."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {f"tokenlake.{name}": str(value) for name, value in found.items() if value is not None}

    @staticmethod
    def of(properties: Mapping[str, str]) -> "SequenceFormat":
        """The reverse of `properties`.

        Raises:
            KeyError: a property is missing; the error names it.
            ValueError: a number is none.
        """
        optional = ("start_id", "mask_id", "vocabulary")
        names = [each.name for each in fields(SequenceFormat) if each.name not in optional]
        names += [name for name in optional if f"tokenlake.{name}" in properties]
        found = {name: properties[f"tokenlake.{name}"] for name in names}
        return SequenceFormat(**{name: text if name in _TEXTS else int(text) for name, text in found.items()})  # type: ignore[arg-type]


PACKED = "sequences_"
"""How the names of tables of sequences begin."""

_OF_OBJECTIVE: Mapping[str, Mapping[str, pa.DataType]] = {
    "causal": {},
    # Two segments, `start A separator B separator`; `doc_lengths` counts the start to the first. B follows A in its
    # document, or comes from another one.
    "masked": {"is_next": pa.bool_(), "language": pa.string()},
    # `source separator target separator`; `doc_lengths` has the two lengths, `doc_ids` twice the pair's id.
    "translation": {"source_language": pa.string(), "target_language": pa.string()},
}


def sequences(name: str, described: SequenceFormat | None = None, objective: str = "causal") -> Table:
    """Training rows of one objective: `sequences_<name>`; to be written, `described` by their format.

    `objective` counts where `described` is None.
    """
    of_objective = _OF_OBJECTIVE[described.objective if described else objective]
    return Table(
        f"{PACKED}{name}",
        key=("sequence_id",),
        schema=columns(
            sequence_id=pa.string(),
            split=pa.string(),  # train | heldout
            position=pa.int64(),  # rank in the keyed global shuffle within this commit and split
            ids=pa.binary(),  # length * item size bytes, padding at the end; of translation without padding
            n_tokens=pa.int64(),  # without padding
            doc_lengths=pa.list_(pa.int32()),  # tokens of each document piece; sums to n_tokens
            doc_ids=pa.list_(pa.string()),
            doc_offsets=pa.list_(pa.int64()),  # where each piece starts in its document's tokens
            **of_objective,
            run_id=pa.string(),
        ),
        partition_by=("split",),
        compression="uncompressed",  # read at 1.6 to 3.6 times the rate of lz4
        row_group_bytes=4
        << 20,  # training reads rows in random order, and the boundaries of a whole row group at once
        one_page=True,  # so that the place of a row's ids follows from its number: training/feed/parquet_rows.py
        about="fixed-width packed token ids with document boundaries",
        properties=OF_THIS_CONTRACT | (described.properties if described else {}),
    )

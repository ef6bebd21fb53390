"""What the stage pack writes: rows of token ids for training."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import pyarrow as pa

from pipelines.tables.contract import OF_THIS_CONTRACT
from pipelines.tables.table import Table, columns


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
        schema=columns(
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
        properties=OF_THIS_CONTRACT | (described.properties if described else {}),
    )

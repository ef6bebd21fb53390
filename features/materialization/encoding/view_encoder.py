"""The rows of a view as everything that the online store holds of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.definition.view import CREATED, EVENT_TIMESTAMP
from features.layout.packed_row import PackedRow
from features.materialization.encoding.byte_strings import ByteStrings, Integers
from features.materialization.encoding.columns import UnencodableError, column_of
from features.materialization.encoding.keys import entity_keys
from features.materialization.encoding.packed_rows import packed_rows
from features.materialization.encoding.values import encoded_values
from features.plan import Plan
from features.tables import arrow_type

_TIME = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class EncodedRows:
    """N rows of a view as bytes."""

    keys: ByteStrings  # (N,) without project
    event_us: Integers  # (N,)
    created_us: Integers  # (N,)
    values: Sequence[ByteStrings]  # of each feature, in the view's order, (N,)
    packed: Mapping[str, ByteStrings]  # service -> packed rows, (N,)

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Integers) -> "EncodedRows":
        """These rows, in this order."""
        numbers = pa.array(rows)
        return EncodedRows(
            self.keys.take(numbers),
            self.event_us[rows],
            self.created_us[rows],
            [column.take(numbers) for column in self.values],
            {service: column.take(numbers) for service, column in self.packed.items()},
        )


class ViewEncoder:
    """Encodes the rows of one view, for all services that read it.

    Args:
        plan: of the project.
        view: its name.

    Raises:
        PlanError: the plan has no such view.
    """

    def __init__(self, plan: Plan, view: str) -> None:
        self.project = plan.project
        self.view = plan.view(view)
        self.selected = {
            service.name: service.selections[view] for service in plan.services.values() if view in service.selections
        }
        self._layouts = {
            service: PackedRow(view, self.view.join_keys, {name: self.view.features[name] for name in names})
            for service, names in self.selected.items()
        }

    @property
    def column_names(self) -> list[str]:
        """The columns that `encode` needs."""
        return [*self.view.join_keys, *self.view.features, EVENT_TIMESTAMP, CREATED]

    @property
    def schema_hashes(self) -> dict[str, str]:
        """Service -> schema hash of its packed rows, in hexadecimal."""
        return {service: layout.schema_hash.hex() for service, layout in self._layouts.items()}

    def encode(self, rows: pa.Table) -> EncodedRows:
        """The bytes of some rows. A feature that the table lacks, since it is older than the feature, is null.

        Raises:
            UnencodableError: a key or a time is missing, or a column has another type.
        """
        missing = {*self.view.join_keys, EVENT_TIMESTAMP, CREATED}.difference(rows.column_names)
        if missing:
            raise UnencodableError(f"rows of view {self.view.name} have no column {', '.join(sorted(missing))}")
        columns = {}
        for name, value_type in self.view.features.items():
            values = (
                rows[name].combine_chunks()
                if name in rows.column_names
                else pa.nulls(len(rows), arrow_type(value_type))
            )
            columns[name] = column_of(name, values, value_type)
        event_us = _times(rows, EVENT_TIMESTAMP)
        return EncodedRows(
            entity_keys(rows, self.view.join_keys),
            event_us,
            _times(rows, CREATED),
            [encoded_values(column) for column in columns.values()],
            {
                service: packed_rows(layout, event_us, [columns[name] for name in self.selected[service]])
                for service, layout in self._layouts.items()
            },
        )


def _times(rows: pa.Table, name: str) -> Integers:
    values = rows[name].combine_chunks()
    if values.null_count:
        row = int(np.argmin(values.is_valid().to_numpy(zero_copy_only=False)))
        raise UnencodableError(f"column {name} is null in row {row:,}")
    return values.cast(_TIME).cast(pa.int64()).to_numpy(zero_copy_only=False)

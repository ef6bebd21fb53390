"""Writes rows into the embedded store."""

from collections.abc import Iterator

import pyarrow as pa

from features.layout.packed_row import packed_key
from features.materialization.encoding.view_encoder import EncodedRows
from features.materialization.writer import Encoders, Written, state_key
from features.store.address import SqliteAddress
from features.store.errors import StoreLostDataError
from features.store.sqlite import SqliteStore
from features.store.sqlite_rows import RowToWrite, write_rows

_ROWS_OF_A_TRANSACTION = 5_000  # other writers wait meanwhile


class SqliteWriter:
    """See `OnlineWriter`. Makes the file if there is none, and goes on in the new one if it was replaced."""

    def __init__(self, address: SqliteAddress, encoders: Encoders, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._encoders = encoders
        self._project = encoders.plan.project
        self._files = 1  # that were opened so far
        self._opened = SqliteStore(address, create=True, timeout=timeout)

    def write(self, view: str, rows: pa.Table) -> Written:
        """See `OnlineWriter.write`."""
        encoder = self._encoders.of(view)
        names = list(encoder.view.features)
        encoded = list(_rows(self._project, view, encoder.encode(rows)))
        newer = 0
        for begin in range(0, len(encoded), _ROWS_OF_A_TRANSACTION):
            newer += write_rows(
                self._store(), self._project, view, names, encoded[begin : begin + _ROWS_OF_A_TRANSACTION]
            )
        return Written(rows.num_rows, newer)

    def begin(self, view: str) -> str:
        """See `OnlineWriter.begin`."""
        self._store()
        return str(self._files)

    def save(self, view: str, mark: str, state: bytes, last: bool) -> None:
        """See `OnlineWriter.save`."""
        store = self._store()
        if str(self._files) != mark:
            raise StoreLostDataError(f"online store {self._address} was replaced while {view} was written; run again")
        store.write_state(state_key(self._project, view), state)

    def state(self, view: str) -> bytes | None:
        """See `OnlineWriter.state`."""
        return self._store().read_state(state_key(self._project, view))

    def close(self) -> None:
        """Closes the file."""
        self._opened.close()

    def _store(self) -> SqliteStore:
        """The file that the path names now."""
        if self._opened.is_replaced():
            self._opened.close()
            self._opened = SqliteStore(self._address, create=True, timeout=self._timeout)
            self._files += 1
        return self._opened


def _rows(project: str, view: str, encoded: EncodedRows) -> Iterator[RowToWrite]:
    keys = encoded.keys.to_pylist()
    values = zip(*(column.to_pylist() for column in encoded.values), strict=True)
    prefixes = [packed_key(project, service, view, b"") for service in encoded.packed]
    packed = zip(*(rows.to_pylist() for rows in encoded.packed.values()), strict=True)
    times = zip(encoded.event_us.tolist(), encoded.created_us.tolist(), strict=True)
    for key, (event_us, created_us), row in zip(keys, times, values, strict=True):
        beside = [(prefix + key, each) for prefix, each in zip(prefixes, next(packed, ()), strict=True)]
        yield RowToWrite(key, event_us, created_us, row, beside)

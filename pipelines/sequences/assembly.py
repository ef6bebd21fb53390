"""Copies token ids into the rows that packing has decided."""

import numpy as np
from numba import njit

from pipelines.sequences.packing import Pieces


def assemble(
    ids: np.ndarray,
    id_start: np.ndarray,
    id_count: np.ndarray,
    pieces: Pieces,
    length: int,
    separator: int,
    pad: int,
) -> np.ndarray:
    """(S, length) ids; each document is followed by `separator`, each row filled up with `pad`.

    Args:
        ids: (N,) ids of all documents, uint16 or uint32.
        id_start: (D,) int64, where document d begins in `ids`.
        id_count: (D,) int64, its ids, separator not counted.
        pieces: of documents whose lengths count the separator.
        length: tokens of a row.
        separator: id.
        pad: id.

    Raises:
        OverflowError: `separator` or `pad` does not fit the dtype of `ids`.
    """
    rows = np.full((pieces.sequences, length), _fitting(pad, ids.dtype))
    end = _fitting(separator, ids.dtype)
    _gather(
        ids, id_start, id_count, pieces.document, pieces.start, pieces.stop, pieces.sequence, pieces.offset, rows, end
    )
    return rows


def _fitting(token_id: int, dtype: np.dtype) -> np.generic:
    return np.array([token_id], dtype)[0]


@njit(cache=True)
def _gather(
    ids: np.ndarray,
    id_start: np.ndarray,
    id_count: np.ndarray,
    document: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
    sequence: np.ndarray,
    offset: np.ndarray,
    rows: np.ndarray,
    separator: int,
) -> None:
    for piece in range(len(document)):
        first, count = id_start[document[piece]], id_count[document[piece]]
        place = offset[piece]
        for token in range(start[piece], stop[piece]):
            rows[sequence[piece], place] = ids[first + token] if token < count else separator
            place += 1

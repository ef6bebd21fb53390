"""Hashes as the server dumps them, which `RESTORE` stores at once, several times faster than field by field.

    16, length, listpack of fields and values, version of the format, CRC-64 of all before

The format is that of a snapshot of version 10 (Valkey and Redis from 7.0: rdb.h, listpack.c, crc64.c). A listpack is
how the server itself keeps hashes of few short values.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.materialization.encoding.byte_strings import ByteStrings, bytes_of, from_offsets, join, lengths_of

_MOST_FIELDS = 128  # by default the server keeps larger hashes otherwise
_LONGEST = 63  # bytes of a field or value, whose entry then has a head of one byte
_LARGEST = (1 << 14) - 1  # bytes of a listpack whose length takes two bytes
_POLYNOMIAL = 0x95AC9329AC4BC9B5  # Jones's, bits reversed


def hash_dumps(fields: Sequence[bytes], columns: Sequence[ByteStrings]) -> ByteStrings | None:
    """The dump of each row's hash; None if some row has too many or too long values for this form.

    Args:
        fields: of every hash.
        columns: the values of each field, (N,).
    """
    lengths = [lengths_of(column) for column in columns]
    longest = max(int(each.max(initial=0)) for each in [*lengths, np.array([len(field) for field in fields])])
    if len(fields) > _MOST_FIELDS or longest > _LONGEST:
        return None
    parts: list[ByteStrings | bytes] = []
    for field, column, length in zip(fields, columns, lengths, strict=True):
        parts += [_entry(field), _bytes(0x80 | length), column, _bytes(1 + length)]
    entries = join(*parts, b"\xff")
    sizes = lengths_of(entries) + 6
    if sizes.max(initial=0) > _LARGEST:
        return None
    length_prefix = bytes_of(0x4000 | sizes, ">u2")
    counts = bytes_of(np.full(len(sizes), 2 * len(fields)), "<u2")
    heads = np.hstack([length_prefix, bytes_of(sizes, "<u4"), counts])
    body = join(b"\x10", _fixed(heads), entries, b"\x0a\x00")
    return join(body, _fixed(bytes_of(crc64(body), "<u8")))


def _entry(text: bytes) -> bytes:
    """An entry of a listpack: head, text, and the length of both, to be read backwards."""
    return bytes([0x80 | len(text)]) + text + bytes([1 + len(text)])


def _bytes(numbers: npt.NDArray) -> ByteStrings | bytes:
    """Numbers as a byte each."""
    if len(numbers) and (numbers == numbers[0]).all():
        return bytes([numbers[0]])
    return _fixed(bytes_of(numbers, "|u1"))


def _fixed(matrix: npt.NDArray[np.uint8]) -> ByteStrings:
    return from_offsets(np.arange(len(matrix) + 1, dtype=np.int64) * matrix.shape[1], matrix)


def _tables() -> npt.NDArray[np.uint64]:
    """CRC of each byte, followed by 0 to 7 zero bytes, (8, 256)."""
    first = np.arange(256, dtype=np.uint64)
    for _ in range(8):
        first = np.where(first & np.uint64(1), (first >> np.uint64(1)) ^ np.uint64(_POLYNOMIAL), first >> np.uint64(1))
    tables = [first]
    for _ in range(7):
        before = tables[-1]
        tables.append(first[(before & np.uint64(0xFF)).astype(np.intp)] ^ (before >> np.uint64(8)))
    return np.array(tables)


_TABLES = _tables()


def crc64(strings: ByteStrings) -> npt.NDArray[np.uint64]:
    """The CRC-64 that the server computes of each string, (N,).

    All strings at once, eight bytes at a time: zeros before a string do not change its CRC, so all end in one column.
    """
    lengths = lengths_of(strings)
    width = -(-int(lengths.max(initial=0)) // 8) * 8
    matrix = np.zeros((len(lengths), width), np.uint8)
    data = np.frombuffer(strings.buffers()[2] or b"", np.uint8)
    begin = strings.buffers()[1] and np.frombuffer(strings.buffers()[1], np.int64)[strings.offset]
    matrix[np.arange(width) >= width - lengths[:, None]] = data[begin : begin + int(lengths.sum())]
    crc = np.zeros(len(lengths), np.uint64)
    for words in np.ascontiguousarray(matrix.view("<u8").T):
        mixed = crc ^ words
        crc = _TABLES[7][(mixed & np.uint64(0xFF)).astype(np.intp)]
        for place in range(1, 8):
            byte = (mixed >> np.uint64(8 * place)) & np.uint64(0xFF)
            crc = crc ^ _TABLES[7 - place][byte.astype(np.intp)]
    return crc

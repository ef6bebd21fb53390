"""gettext MO files (GNU gettext manual, "The Format of GNU MO Files"), in either byte order.

A position is the number of the record, from 0, in the order of the file, which is that of the messages' bytes.
"""

import struct
from collections.abc import Iterator
from dataclasses import replace

from pipelines.bitext.readers.catalogue import Message, charset_of, other_language, records
from pipelines.bitext.record import PairRecords, PairSplit, rejected
from pipelines.readers.encoding import decode
from pipelines.readers.record import ReadStatistics, Reason, Reject, Split
from pipelines.readers.storage import ReadError
from pipelines.readers.undecodable import EncodingError
from pipelines.readers.whole import content

_MAGIC = 0x950412DE
_CONTEXT, _FORM = b"\x04", b"\0"  # what ends a context, and separates singular, plural and the forms


def read(split: PairSplit, statistics: ReadStatistics) -> PairRecords:
    """The messages of a file.

    Raises:
        ReadError: the file cannot be opened.
    """
    of = split.of
    data = content(Split(of.file, of.config.as_files(whole=True), 0, of.file.size), statistics)
    statistics.rows -= 1  # `content` counts the file as one record
    number = 0
    for record in [data] if isinstance(data, Reject) else _records(data, split):
        statistics.rows += 1
        yield replace(record, position=number)
        number += 1
    if not number:
        statistics.rows += 1
        yield Reject(0, Reason.EMPTY, "no message")


def _records(data: bytes, split: PairSplit) -> PairRecords:
    config, charset = split.of.config, "utf-8"
    strings = _strings(data)
    while True:
        try:
            found = next(strings, None)
        except ReadError as error:
            yield rejected(0, error.reason, error.detail, data)
            return
        if found is None:
            return
        key, value = found
        if not key:
            charset = charset_of(value) or charset
        try:
            message = _message(key, value, config.encoding or charset, split)
        except EncodingError as error:
            yield rejected(0, Reason.ENCODING, str(error), key + b"\t" + value)
            continue
        if not message.is_header:
            yield from records(message, config)
        elif said := other_language(message.forms[0], config):
            detail = f"the catalogue is in {said}, not in {config.languages[1]}"
            yield rejected(0, Reason.MISSING_LANGUAGE, detail, value)
            return


def _strings(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each message with its translation.

    Raises:
        ReadError: the file is no catalogue, or an offset in it leads beyond its end.
    """
    order = next((order for order in "<>" if data[:4] == struct.pack(f"{order}I", _MAGIC)), None)
    if order is None or len(data) < 20:
        raise ReadError(Reason.MALFORMED_CATALOGUE, "no MO file: its first bytes are not the magic number")
    count, keys, values = struct.unpack_from(f"{order}III", data, 8)
    for number in range(count):
        yield _string(data, keys + 8 * number, order), _string(data, values + 8 * number, order)


def _string(data: bytes, entry: int, order: str) -> bytes:
    if entry + 8 > len(data):
        raise ReadError(Reason.MALFORMED_CATALOGUE, f"the table of strings ends at byte {len(data):,}, the file's end")
    length, offset = struct.unpack_from(f"{order}II", data, entry)
    if offset + length > len(data):
        raise ReadError(Reason.MALFORMED_CATALOGUE, f"a string of {length:,} bytes at {offset:,} is beyond the end")
    return data[offset : offset + length]


def _message(key: bytes, value: bytes, charset: str, split: PairSplit) -> Message:
    undecodable = split.of.config.undecodable
    context, found, rest = key.rpartition(_CONTEXT)
    singular, plural, second = rest.partition(_FORM)
    forms = value.split(_FORM) if plural else [value]

    def text(data: bytes) -> str:
        return decode(data, split.of.config.encoding, (charset,), undecodable).text

    return Message(
        text(singular),
        text(second) if plural else None,
        text(context) if found else None,
        {number: text(form) for number, form in enumerate(forms)},
    )

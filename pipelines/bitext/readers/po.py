"""gettext PO files (GNU gettext manual, "The Format of PO Files"), in the charset that their header names.

A position is the number of the record, from 0. A line that breaks the grammar is a reject, and so is nothing else: the
entry that it stands in ends there, and the next one is read.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from pipelines.bitext.readers.catalogue import Message, charset_of, other_language, records
from pipelines.bitext.record import PairRecords, PairSplit, rejected
from pipelines.readers.encoding import decode
from pipelines.readers.record import ReadStatistics, Reason, Reject, Split
from pipelines.readers.undecodable import EncodingError
from pipelines.readers.whole import content

_KEYWORD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d{1,3})\])?\s*(?=\")")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"\s*$')
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.))")
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_HEADER_END = re.compile(rb"\n[ \t]*\r?\n")


def read(split: PairSplit, statistics: ReadStatistics) -> PairRecords:
    """The messages of a file.

    Raises:
        ReadError: the file cannot be opened.
    """
    of = split.of
    data = content(Split(of.file, of.config.as_files(whole=True), 0, of.file.size), statistics)
    statistics.rows -= 1  # `content` counts the file as one record
    if isinstance(data, Reject):
        statistics.rows += 1
        yield data
        return
    number = 0
    for record in _records(data, split):
        statistics.rows += 1
        yield replace(record, position=number)
        number += 1
    if not number:
        statistics.rows += 1
        yield Reject(0, Reason.EMPTY, "no message")


def _records(data: bytes, split: PairSplit) -> PairRecords:
    config = split.of.config
    head = (
        _HEADER_END.split(data.lstrip(), maxsplit=1)[0]
        .replace(b'"\n"', b"")
        .replace(b"\\n", b"\n")
        .replace(b'"', b"\n")
    )
    try:
        text = decode(data, config.encoding, (charset_of(head),), config.undecodable).text
    except EncodingError as error:
        yield rejected(0, Reason.ENCODING, str(error), data)
        return
    for entry in messages(text):
        if isinstance(entry, Reject):
            yield entry
        elif not entry.is_header:
            yield from records(entry, config)
        elif said := other_language(entry.forms.get(0, ""), config):
            detail = f"the catalogue is in {said}, not in {config.languages[1]}"
            yield rejected(0, Reason.MISSING_LANGUAGE, detail, entry.forms[0])
            return


def messages(text: str) -> Iterator[Message | Reject]:
    """The entries of a file; a reject for each line that breaks the grammar."""
    entry, started, part = Message(), False, ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        obsolete = line.startswith("#~")
        if obsolete:
            line = line[2:].lstrip()
        if line.startswith("#") or (obsolete and line.startswith("|")) or not line:
            if started and (entry.forms or not line):
                yield entry
                entry, started, part = Message(), False, ""
            if line.startswith("#,"):
                entry.flags += tuple(flag.strip() for flag in line[2:].split(",") if flag.strip())
            continue
        keyword = _KEYWORD.match(line)
        if keyword and started and entry.forms and keyword[1] in ("msgctxt", "msgid"):
            yield entry
            entry, started = Message(), False
        string = _STRING.match(line, keyword.end() if keyword else 0)
        if not string or (not keyword and not part):
            yield rejected(0, Reason.MALFORMED_CATALOGUE, f"line {number:,}: neither keyword nor string", line)
            entry, started, part = Message(), False, ""
            continue
        if not started:
            entry.line, entry.obsolete, started = number, obsolete, True
        part = f"{keyword[1]}[{keyword[2] or 0}]" if keyword else part
        _add(entry, part, _unescaped(string[1]))
    if started:
        yield entry


def _add(entry: Message, part: str, text: str) -> None:
    """Adds a string to a part of an entry."""
    name, _, form = part[:-1].partition("[")
    if name == "msgctxt":
        entry.context = (entry.context or "") + text
    elif name == "msgid":
        entry.id += text
    elif name == "msgid_plural":
        entry.plural = (entry.plural or "") + text
    else:
        entry.forms[int(form)] = entry.forms.get(int(form), "") + text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    octal, hexadecimal, other = escape.groups()
    if octal or hexadecimal:
        return chr(int(octal, 8) if octal else int(hexadecimal, 16))
    return _NAMED.get(other, other)

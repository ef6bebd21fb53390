"""Translation Memory eXchange 1.4 (LISA OSCAR, 2005), read as a stream.

A translation unit (`tu`) holds variants (`tuv`) in several languages; each variant of the source language makes a pair
with each of the target language. Of inline elements `hi` marks text, which stays; all others hold codes of the
original file, which go with everything in them. A position is the number of the record, from 0.

A document that declares entities is refused: they can expand without bound, and translation memories need none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from pipelines.bitext.config import PairSourceConfig
from pipelines.bitext.languages import is_of
from pipelines.bitext.record import Pair, PairRecords, PairSplit, pair, rejected
from pipelines.readers.decompress import Damage
from pipelines.readers.line_reader import expanded
from pipelines.readers.record import ReadStatistics, Reason, Reject, Split
from pipelines.readers.storage import ReadError, open_source

_CODES = frozenset(("bpt", "ept", "it", "ph", "ut"))


def read(split: PairSplit, statistics: ReadStatistics) -> PairRecords:
    """The pairs of a file.

    Raises:
        ReadError: the file cannot be opened.
    """
    of = split.of
    plain = Split(of.file, of.config.as_files(), 0, of.file.size)
    number = -1
    with open_source(of.file, statistics) as source:
        for number, record in enumerate(_records(expanded(source, plain), of.config)):
            statistics.rows += 1
            yield record(number) if callable(record) else record
    if number < 0:
        statistics.rows += 1
        yield Reject(0, Reason.EMPTY, "no translation unit")


@dataclass
class _Variant:
    language: str
    text: list[str] = field(default_factory=list)


@dataclass
class _Unit:
    """A translation unit, as far as it is read."""

    tuid: str
    line: int
    characters: int = 0
    variants: list[_Variant] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """A record without its number."""

    source: str
    target: str
    meta: dict[str, str]
    problem: Reason | None = None
    detail: str = ""

    def __call__(self, number: int) -> Pair | Reject:
        if self.problem is not None:
            return rejected(number, self.problem, self.detail, self.source)
        return pair(
            number, self.source, self.target, self.meta, f"{self.source}\t{self.target}".encode(errors="replace")
        )


def _records(chunks: Iterator[bytes | Damage], config: PairSourceConfig) -> Iterator[_Found]:
    reader = _Reader(config)
    try:
        for chunk in chunks:
            if isinstance(chunk, Damage):
                yield from reader.take()
                yield _Found("", "", {}, chunk.reason, chunk.detail)
                return
            reader.parser.Parse(chunk, False)
            yield from reader.take()
        reader.parser.Parse(b"", True)
        yield from reader.take()
    except ReadError as error:  # of this module: the document declares an entity
        yield from reader.take()
        yield _Found("", "", {}, error.reason, error.detail)
    except expat.ExpatError as error:
        yield from reader.take()
        detail = f"line {error.lineno}, column {error.offset}: {expat.ErrorString(error.code)}"
        yield _Found("", "", {}, Reason.MALFORMED_XML, detail)


class _Reader:
    """Collects units from the events of a parser."""

    def __init__(self, config: PairSourceConfig) -> None:
        self._config = config
        self._unit: _Unit | None = None
        self._variant: _Variant | None = None
        self._in_segment, self._in_codes = False, 0
        self._done: list[_Found] = []
        self.parser = expat.ParserCreate(config.encoding)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._refuse

    def take(self) -> list[_Found]:
        """The records since the last call."""
        done, self._done = self._done, []
        return done

    def _refuse(self, name: str, *_: object) -> None:
        detail = (
            f"line {self.parser.CurrentLineNumber}: the document declares entity {name!r}: write what it stands for"
        )
        raise ReadError(Reason.MALFORMED_XML, detail)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "tu":
            self._unit = _Unit(attributes.get("tuid", ""), self.parser.CurrentLineNumber)
        elif name == "tuv" and self._unit:
            self._variant = _Variant(attributes.get("xml:lang") or attributes.get("lang") or "")
        elif name == "seg" and self._variant:
            self._in_segment = True
        elif self._in_segment and (self._in_codes or name in _CODES):
            self._in_codes += 1

    def _end(self, name: str) -> None:
        if self._in_codes:
            self._in_codes -= 1
        elif name == "seg":
            self._in_segment = False
        elif name == "tuv" and self._unit and self._variant:
            self._unit.variants.append(self._variant)
            self._variant = None
        elif name == "tu" and self._unit:
            self._done += _of_unit(self._unit, self._config)
            self._unit = None

    def _text(self, text: str) -> None:
        if not (self._in_segment and not self._in_codes and self._unit and self._variant):
            return
        self._unit.characters += len(text)
        if self._unit.characters <= self._config.max_record_bytes:  # of a longer one only the start is held
            self._variant.text.append(text)


def _of_unit(unit: _Unit, config: PairSourceConfig) -> Iterator[_Found]:
    found = [("".join(each.text), each.language) for each in unit.variants]
    sample = " | ".join(text for text, _ in found)[:256]
    at = f"unit {unit.tuid!r}, line {unit.line:,}" if unit.tuid else f"unit on line {unit.line:,}"
    if unit.characters > config.max_record_bytes:
        yield _Found(sample, "", {}, Reason.OVERSIZED, f"{at}: longer than {config.max_record_bytes:,} characters")
        return
    sides = [[text for text, language in found if is_of(language, wanted)] for wanted in config.languages]
    if not all(sides):
        missing = config.languages[0] if not sides[0] else config.languages[1]
        there = ", ".join(sorted({language or "no language" for _, language in found})) or "no variant"
        yield _Found(sample, "", {}, Reason.MISSING_LANGUAGE, f"{at}: no variant in {missing}; there: {there}")
        return
    meta = {"tuid": unit.tuid} if unit.tuid else {}
    yield from (_Found(source, target, meta) for source in sides[0] for target in sides[1])

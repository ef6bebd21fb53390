"""One case: a real file, damaged by a seed, read in several ways; what must hold of every reading is checked.

A case is named `target/number`; everything about it follows from that name.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import mutation
import pyarrow as pa
from targets import TARGETS

from pipelines.readers.config import SourceConfig
from pipelines.readers.decompress import codec
from pipelines.readers.dispatch import read
from pipelines.readers.listing import list_files
from pipelines.readers.record import Document, InputFile, ReadStatistics, Reason, Reject
from pipelines.readers.splits import is_splittable, split
from pipelines.readers.staging import staged_batches
from pipelines.readers.storage import ReadError, open_source

WHOLE = 1 << 40
CPU_SECONDS = 20.0  # for one case, which is read about six times
GROWTH = 400 << 20  # bytes that a process may grow by within a case
NOW = datetime(2024, 5, 1, tzinfo=UTC)

Record = Document | Reject


class Finding(AssertionError):
    """Something that must hold of every reading does not hold of this one."""


@dataclass(frozen=True)
class Case:
    """A damaged file and how it is read."""

    target: str
    number: int
    content: bytes
    original: bytes
    mutations: tuple[str, ...]
    options: dict[str, Any]
    sizes: tuple[int, ...]  # of splits

    @property
    def name(self) -> str:
        """`target/number`."""
        return f"{self.target}/{self.number}"


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    name: str
    documents: int
    rejects: int
    bytes: int
    seconds: float
    finding: str = ""

    def facts(self) -> dict[str, Any]:
        """As JSON-able facts."""
        return asdict(self)


def make(target: str, number: int) -> Case:
    """The case of this name."""
    random = Random(f"{target}/{number}")
    chosen = TARGETS[target]
    files = chosen.files()
    original, other = random.choice(files), random.choice(files)
    content, names = mutation.mutate(original, other, random)
    sizes = tuple(max(1, len(content) // random.randint(1, 12) + random.randint(0, 3)) for _ in range(2))
    return Case(target, number, content, original, tuple(names), random.choice(chosen.options), sizes)


def run(case: Case) -> Outcome:
    """Reads a case and checks it; what fails is told in `finding`, whatever it is."""
    started, finding, counts = time.process_time(), "", (0, 0)
    before = _peak_reset()
    try:
        counts = check(case)
    except Finding as failed:
        finding = str(failed)
    except Exception as error:
        finding = f"{type(error).__name__}: {error} {_where(error)}"
    seconds = time.process_time() - started
    if not finding and seconds > CPU_SECONDS:
        finding = f"took {seconds:.1f} s of CPU"
    if not finding and (grown := _peak() - before) > GROWTH:
        finding = f"grew by {grown >> 20} MiB"
    return Outcome(case.name, *counts, len(case.content), round(seconds, 3), finding)


def check(case: Case) -> tuple[int, int]:
    """Reads the file whole, again, in splits, and into Arrow.

    Returns:
        (documents, rejects).

    Raises:
        Finding: a check fails.
    """
    target = TARGETS[case.target]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder, target.name)
        path.write_bytes(case.content)
        config = SourceConfig(name="fuzz", path=str(path), **case.options)
        files = list_files(config)
        _require(bool(files), "a file is listed", "nothing was")
        whole = {file.uri: _read(file, config, WHOLE) for file in files}
        again = {file.uri: _read(file, config, WHOLE) for file in files}
        _require(again == whole, "reading twice gives the same", "it does not")
        for file in files:
            for size in case.sizes if is_splittable(file, config) else ():
                _same(_read(file, config, size), whole[file.uri], f"splits of {size} bytes give what one gives")
            _count_lines(file, config, case.content, whole[file.uri])
        _staged(files, config)
        if target.sequential and len(files) == 1:
            path.write_bytes(case.original)
            before = list_files(config)
            _intact(case, before[0], config, whole[files[0].uri])
    records = [record for found in whole.values() for record in found]
    documents = sum(isinstance(record, Document) for record in records)
    return documents, len(records) - documents


def _read(file: InputFile, config: SourceConfig, size: int) -> list[Record]:
    """The records of a file, after a look at each split's account of itself."""
    records: list[Record] = []
    for piece in split([file], config, size):
        statistics, own = ReadStatistics(), []
        for record in read(piece, statistics):
            own.append(record)
        _require(
            statistics.rows == len(own),
            "rows read = documents + rejects",
            f"{statistics.rows} ≠ {len(own)} in {piece}",
        )
        records += own
    positions = [record.position for record in records]
    _require(positions == sorted(set(positions)), "positions ascend and are unique", f"{positions[:50]}")
    _require(min(positions, default=0) >= 0, "positions are not negative", f"{positions[:5]}")
    if _is_stored_text(file, Path(file.location).read_bytes()):
        _require(max(positions, default=0) < max(1, file.size), "positions lie in the file", f"{positions[-9:]}")
    for record in records:
        if isinstance(record, Reject):
            _require(record.reason is not Reason.READER_FAILED, "readers know what is wrong", record.detail)
            _require(len(record.sample) <= 256, "samples are short", f"{len(record.sample)} bytes")
        else:
            _require("\0" not in record.text and bool(record.text.strip()), "a document has text", repr(record.text))
            _require(
                _told(record, file, config), "what was replaced is told", f"{record.meta} of {record.text[:500]!r}"
            )
    return records


def _told(record: Document, file: InputFile, config: SourceConfig) -> bool:
    """Whether `meta` says how many U+FFFD of a text stand for what could not be decoded, and there are not many."""
    count = int(record.meta.get("undecodable", 0))
    if file.format not in ("text", "markdown"):  # whose text is all that was decoded
        return count >= 0
    return (
        count <= record.text.count("\ufffd")
        and count * 20 <= len(record.text) + 2
        and not (count and config.undecodable == "reject")
    )


def _same(found: Sequence[Record], expected: Sequence[Record], what: str) -> None:
    if found == expected:
        return
    pairs = zip([*found, None], [*expected, None], strict=False)
    first = next(((a, b) for a, b in pairs if a != b), None)
    raise Finding(f"{what}: {len(found)} for {len(expected)} records; first other one: {_shown(first)}")


def _count_lines(file: InputFile, config: SourceConfig, content: bytes, records: Sequence[Record]) -> None:
    """A second opinion, of a few lines, on how many records a file of lines has."""
    if file.format not in ("jsonl", "text") or (file.format == "text" and config.unit != "line"):
        return
    if file.problem or file.size == 0 or not _is_stored_text(file, content):
        return
    content = content.removeprefix(b"\xef\xbb\xbf")
    limit = config.max_document_bytes
    lines = sum(1 for line in content.split(b"\n") if line.strip() or len(line) > limit)
    _require(lines == len(records), "every line that is not blank is a record", f"{lines} ≠ {len(records)}")


def _is_stored_text(file: InputFile, content: bytes) -> bool:
    """Whether positions are bytes of the file as it is stored."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    return file.format not in ("parquet", "delta") and not file.codec and file.member < 0 and not wide


def _staged(files: Sequence[InputFile], config: SourceConfig) -> None:
    """What the readers give can be stored, and the summaries add up."""
    batches = list(staged_batches(split(files, config, WHOLE), "run", NOW))
    for batch in batches:
        batch.validate(full=True)
    table = pa.Table.from_batches(batches).select(["kind", "rows_read", "documents", "rejects"])
    kinds = table["kind"].to_pylist()
    sums = [sum(filter(None, table[name].to_pylist())) for name in ("rows_read", "documents", "rejects")]
    counted = [kinds.count("document") + kinds.count("reject"), kinds.count("document"), kinds.count("reject")]
    _require(sums == counted, "summaries count what is staged", f"{sums} ≠ {counted}")


def _intact(case: Case, original: InputFile, config: SourceConfig, records: Sequence[Record]) -> None:
    """Records of the undamaged file that end before the damage are read from the damaged file too."""
    if case.mutations and original.problem is None:
        same = _common_prefix(case.original, case.content)
        undamaged = _undamaged_content(original, config, same)
        expected = _read(original, config, WHOLE)
        before = [one for one, after in pairwise(expected) if after.position <= undamaged]
        _same(records[: len(before)], before, f"what stands before byte {same} is still read")


def _undamaged_content(file: InputFile, config: SourceConfig, stored: int) -> int:
    """Up to which position the records of a file depend on its first `stored` bytes only."""
    if not file.codec:
        return stored
    end, offset, expanded = 0, 0, 0
    with open_source(file, ReadStatistics()) as source:
        member = codec(file.codec, source).member
        while offset < stored:
            try:
                offset, length = _member_length(member(source, offset, config))
            except ReadError:
                break
            if offset <= stored:
                end, expanded = offset, expanded + length
    return end if file.format == "warc" else expanded


def _member_length(member: Any) -> tuple[int, int]:
    """(offset behind a member, bytes it expands to)."""
    length = 0
    while True:
        try:
            length += len(next(member))
        except StopIteration as end:
            return end.value, length


def _common_prefix(a: bytes, b: bytes) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low


def _require(holds: bool, what: str, instead: str) -> None:
    if not holds:
        raise Finding(f"{what}: {instead[:1000]}")


def _shown(pair: Any) -> str:
    return " / ".join(repr(one)[:400] for one in pair or ())


def _where(error: BaseException) -> str:
    """Where in the readers it was raised."""
    places, trace = [], error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(places[-6:]))


def _peak_reset() -> int:
    """Bytes of memory in use now; the peak is counted from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    """The most memory this process has used since the last reset (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10

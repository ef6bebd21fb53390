"""Compressed web archives as *runs*: a member whose content starts with `WARC/`, and the members that continue it.

Archives are written one record a member, so a run is a record; an archive compressed as a whole is one run. Runs can
be found from anywhere in the file, which makes it splittable: a run belongs to the split in which it starts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.readers.config import SourceConfig
from pipelines.readers.decompress import Codec, expands, find_member, only_zeros, starts
from pipelines.readers.expansion import Member
from pipelines.readers.record import SAMPLE_BYTES, Reason, Reject
from pipelines.readers.storage import ReadError, Source

_START = b"WARC/"
SMALLEST_MEMBER = 8  # bytes: no member of any codec is shorter


@dataclass(slots=True)
class MemberRun:
    """A run at `start`. After `pieces` is exhausted or has failed, reading continues at `end`."""

    source: Source
    codec: Codec
    limits: SourceConfig
    start: int
    end: int = 0
    member: int = 0  # where the member that is being expanded starts
    expanded: int = 0  # bytes of it

    def pieces(self) -> Iterator[bytes]:
        """The expanded bytes of the members.

        Raises:
            ReadError: a member is damaged; `end` is then the start of the next run.
        """
        offset = self.start
        while True:
            try:
                offset = yield from self._counted(offset)
            except ReadError:
                self.end = next_run(self.source, self.codec, offset + 1, self.limits)
                raise
            self.end = offset
            if not continues(self.source, self.codec, offset, self.limits):
                return

    def length(self) -> int:
        """Bytes of the first member as stored, or up to the next run when it is damaged: `end` is not before."""
        member = self.codec.member(self.source, self.start, self.limits)
        try:
            while True:
                next(member)
        except StopIteration as done:
            return int(done.value) - self.start
        except ReadError:
            return next_run(self.source, self.codec, self.start + 1, self.limits) - self.start

    def _counted(self, offset: int) -> Member:
        self.member, self.expanded = offset, 0
        pieces = self.codec.member(self.source, offset, self.limits)
        while True:
            try:
                piece = next(pieces)
            except StopIteration as done:
                return int(done.value)
            self.expanded += len(piece)
            yield piece

    def overrun(self) -> bool:
        """Whether the member has expanded beyond the start of another run, which becomes `end`.

        Deflate accepts almost any bytes, so a damaged member may expand to the end of the file.
        """
        end = self.member + self.expanded  # at least what it has used up
        found = find_member(self.source, self.codec, self.member + 1, self.limits, _START, end)
        if found >= min(end, self.source.size):
            return False
        self.end = found
        return True


def continues(source: Source, codec: Codec, offset: int, limits: SourceConfig) -> bool:
    """Whether the member here continues a run."""
    return (
        offset < source.size
        and starts(source, codec, offset)
        and not expands(source, codec, offset, limits, _START)
        and expands(source, codec, offset, limits)
    )


def next_run(source: Source, codec: Codec, offset: int, limits: SourceConfig) -> int:
    """The first run at or after `offset`, the file's size when there is none."""
    return find_member(source, codec, offset, limits, _START)


def runs(source: Source, codec: Codec, start: int, end: int, limits: SourceConfig) -> Iterator[MemberRun | Reject]:
    """The runs that start in [start, end), and rejects for the bytes between them.

    The consumer must exhaust `pieces()` of each run before it asks for the next.
    """
    offset = next_run(source, codec, start, limits) if start else 0
    if offset >= end:
        return
    while offset < source.size:
        if expands(source, codec, offset, limits, _START):
            if offset >= end:
                return
            run = MemberRun(source, codec, limits, offset)
            yield run
            offset = run.end
            continue
        if only_zeros(source, offset):
            return
        following = next_run(source, codec, offset + 1, limits)
        if not _is_framing(source, codec, offset, following, limits):
            detail = f"{following - offset:,} bytes that are no {codec.name} member holding WARC records"
            yield Reject(offset, Reason.CORRUPT, detail, source.at(offset, SAMPLE_BYTES))
        offset = following


def _is_framing(source: Source, codec: Codec, offset: int, end: int, limits: SourceConfig) -> bool:
    """Whether [offset, end) holds only members that expand to nothing, such as a zstd dictionary."""
    while offset < end and starts(source, codec, offset):
        member = codec.member(source, offset, limits)
        try:
            while not next(member).strip(b"\r\n"):
                pass
            return False
        except StopIteration as done:
            offset = done.value
        except ReadError:
            return False
    return offset == end

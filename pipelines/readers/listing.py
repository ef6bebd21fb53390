"""The input files of a source with format and codec, and a fingerprint that changes with the file.

A fingerprint is XXH3-128 over the size and the first and last 64 KiB; for a file longer than that also over its ETag
or time of change, because the bytes between are not read. For a member of a zip archive it covers name, size and
CRC-32.
"""

import io
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath

import xxhash

from pipelines.readers import hive
from pipelines.readers.config import SourceConfig
from pipelines.readers.decompress import codec, expand
from pipelines.readers.delta import DeltaFile
from pipelines.readers.finding import Excluded, Found, find
from pipelines.readers.formats import UnknownFormatError, by_name, choose, codec_of
from pipelines.readers.line_reader import first_bytes
from pipelines.readers.record import SAMPLE_BYTES, InputFile, ReadStatistics, Reason, Reject
from pipelines.readers.storage import ReadError, Source, archive, open_location, open_member, reason_of, storable_path

EDGE = 64 << 10
_HEAD = 4 << 10
_THREADS = 8  # opening files is mostly waiting, above all on remote storage

DeltaFiles = Callable[[str], Sequence[DeltaFile]]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a source before it is listed.

    `files`: path -> (stamp, fingerprint). A file whose stamp is the same is not opened; its format stays unknown.
    """

    root: str | None = None
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def list_files(
    config: SourceConfig,
    delta_files: DeltaFiles | None = None,
    remembered: Remembered | None = None,
    never: str | None = None,
    day: date | None = None,
) -> list[InputFile]:
    """The input files of a source in order of path. A file that cannot be read is listed with its problem.

    Args:
        config: of the source.
        delta_files: lists the data files of a Delta table's current version.
        remembered: from an earlier listing.
        never: a folder whose files are never input, such as the lake.
        day: only files that a path with `{date}` names on this day. There may be none.

    Raises:
        SourceError: the source names nothing.
    """

    remembered = remembered or Remembered()

    def inspect(found: Found) -> list[InputFile]:
        stamp, fingerprint = remembered.files.get(storable_path(found.relative), ("", ""))
        if not found.table and not found.problem and stamp and stamp == _stamp(found):
            return [replace(_unopened(found, config), fingerprint=fingerprint)]
        try:
            return list(_table(found, config, delta_files) if found.table else _inspect(found, config))
        except (MemoryError, ImportError):
            raise
        except Exception as error:
            reason, detail = reason_of(error)
            (file,) = _inspect(replace(found, problem=detail), config)
            return [replace(file, problem=Reject(0, reason, detail))]

    with ThreadPoolExecutor(_THREADS) as pool:
        files = [file for listed in pool.map(inspect, find(config, remembered.root, never, day)) for file in listed]
    return sorted(files, key=lambda file: file.path)


def fingerprint_of(*fields: object, content: bytes = b"") -> str:
    """32 hex digits of XXH3-128 over fields and content."""
    digest = xxhash.xxh3_128("\0".join(map(str, fields)).encode("utf-8", "surrogateescape"))
    digest.update(content)
    return digest.hexdigest()


def _stamp(found: Found) -> str:
    """Changes with the file, as far as its size and time of change, or ETag, tell. Empty where there is none."""
    return f"{found.size} {found.version}" if found.version else ""


def _unopened(found: Found, config: SourceConfig) -> InputFile:
    return InputFile(
        source=config.name,
        uri=storable_path(found.location),
        path=storable_path(found.relative),
        format="",
        codec="",
        size=found.size,
        fingerprint=fingerprint_of(found.size, found.version, found.problem),
        location=found.location,
        stamp=_stamp(found),
        partition=hive.partition(found.location, found.relative),
    )


def _inspect(found: Found, config: SourceConfig) -> Iterator[InputFile]:
    file = _unopened(found, config)
    if found.problem:
        yield replace(file, problem=Reject(0, Reason.UNREADABLE, found.problem))
        return
    head, tail = _edges(found)
    version = found.version if found.size > 2 * EDGE else ""
    file = replace(file, fingerprint=fingerprint_of(found.size, version, content=head + tail))
    if PurePosixPath(found.location).suffix.lower() == ".zip":
        yield from _members(file, config)
    else:
        yield classify(file, file.path, head, config)


def _edges(found: Found) -> tuple[bytes, bytes]:
    """The first and the last 64 KiB; together the whole of a small file."""
    stream, size = open_location(found.location)
    with stream:
        head = stream.read(EDGE)
        stream.seek(max(len(head), size - EDGE))
        return head, stream.read(EDGE)


def classify(file: InputFile, name: str, head: bytes, config: SourceConfig) -> InputFile:
    """The file with its format and codec, or the problem that it has none; `head` is its first 4 KiB as stored."""
    packed, name = codec_of(name, head)
    if not head:
        return replace(file, format="text" if config.format == "auto" else config.format)
    try:
        chosen = choose(name, _expanded(packed, head, config)) if config.format == "auto" else by_name(config.format)
    except UnknownFormatError as error:
        return replace(file, codec=packed, problem=Reject(0, Reason.UNSUPPORTED, str(error), head[:SAMPLE_BYTES]))
    if packed and chosen.module in ("parquet", "delta"):
        problem = Reject(0, Reason.UNSUPPORTED, f"{chosen.name} within {packed}: decompress it", head[:SAMPLE_BYTES])
        return replace(file, format=chosen.name, codec=packed, problem=problem)
    return replace(file, format=chosen.name, codec=packed)


def _expanded(name: str, head: bytes, config: SourceConfig) -> bytes:
    """What a compressed file's first bytes expand to, as far as they do."""
    source = Source(io.BytesIO(head), len(head), ReadStatistics())
    return first_bytes(expand(source, codec(name, source), config), _HEAD) if name else head


def _members(container: InputFile, config: SourceConfig) -> Iterator[InputFile]:
    """The members of a zip archive, each an input file of its own."""
    try:
        infos = enumerate(archive(container.location).infolist())
        entries = [(index, info) for index, info in infos if not info.filename.endswith("/")]
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError) as error:
        yield replace(container, problem=Reject(0, Reason.CORRUPT, f"zip: {error}"))
        return
    if not entries:
        yield replace(container, problem=Reject(0, Reason.EMPTY, "zip: an archive without members"))
    excluded = Excluded(config.exclude)
    seen: Counter[str] = Counter()
    for index, info in entries:
        name = storable_path(info.filename)
        if excluded(f"{container.path}!/{name}"):
            continue
        seen[name] += 1
        name += f"#{seen[name]}" if seen[name] > 1 else ""  # an archive may hold a name more than once
        member = replace(
            container,
            uri=f"{container.uri}!/{name}",
            path=f"{container.path}!/{name}",
            size=info.file_size,
            fingerprint=fingerprint_of(name, info.file_size, info.CRC),
            stamp="",  # the archive is opened in every run: its members are known by their CRC-32
            member=index,
            partition=(*container.partition, *hive.partition("", info.filename)),
        )
        yield _member(member, info, config)


def _member(member: InputFile, info: zipfile.ZipInfo, config: SourceConfig) -> InputFile:
    if info.filename.lower().endswith(".zip"):
        return replace(member, problem=Reject(0, Reason.UNSUPPORTED, "an archive within an archive: unpack it"))
    expands, stored = info.file_size, max(info.compress_size, 1)
    if expands > config.max_decompressed_bytes and expands > config.max_decompression_ratio * stored:
        detail = f"zip: {stored:,} bytes declared to expand to {expands:,}"
        return replace(member, problem=Reject(0, Reason.DECOMPRESSION_BOMB, detail))
    try:
        stream, _ = open_member(member.location, member.member, member.uri)
        with stream:
            return classify(member, info.filename, stream.read(_HEAD), config)
    except ReadError as error:
        return replace(member, problem=Reject(0, error.reason, error.detail))
    except (MemoryError, ImportError):
        raise
    except Exception:  # decompressors raise errors of many kinds
        return classify(member, info.filename, b"\n", config)  # its reader will report what is wrong


def _table(found: Found, config: SourceConfig, delta_files: DeltaFiles | None) -> Iterator[InputFile]:
    """The data files of a Delta table."""
    base = InputFile(
        source=config.name,
        uri=storable_path(found.location),
        path=storable_path(found.relative),
        format="delta",
        codec="",
        size=0,
        fingerprint=fingerprint_of(found.location),
        location=found.location,
    )
    if delta_files is None:
        yield replace(base, problem=Reject(0, Reason.UNSUPPORTED, "a Delta table, which only a Spark job can list"))
        return
    try:
        listed = delta_files(found.location)
    except (MemoryError, ImportError):
        raise
    except Exception as error:
        raise ReadError(Reason.UNREADABLE, f"a Delta table that cannot be listed: {error}") from error
    for data in listed:
        if found.within and not any(pattern.names(data.location) for pattern in found.within):
            continue
        problem = None
        if data.deleted_rows:
            detail = f"a deletion vector hides {data.deleted_rows:,} rows: run REORG TABLE ... APPLY (PURGE) first"
            problem = Reject(0, Reason.UNSUPPORTED, detail)
        yield replace(
            base,
            uri=storable_path(data.location),
            path=storable_path(f"{found.relative}/{data.path}".lstrip("/")),
            size=data.size,
            fingerprint=fingerprint_of(data.path, data.size, data.modified, data.deleted_rows),
            location=data.location,
            partition=data.partition,
            columns=data.columns,
            problem=problem,
        )

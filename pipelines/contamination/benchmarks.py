"""The items of benchmarks, from the files that hold them."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.contamination.config import BenchmarkConfig
from pipelines.errors import MisuseError
from pipelines.kernels.arrays import Integers
from pipelines.readers.config import SourceConfig
from pipelines.readers.finding import SourceError, find
from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri

_COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma", ".zst": "zstandard"}


class BenchmarkError(MisuseError, ValueError):
    """A benchmark that cannot be read; the message names benchmark, file and line."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The texts of the items of one benchmark; an item has one text for each of its fields."""

    name: str
    texts: Sequence[str]
    items: Integers  # (texts,): the item that each belongs to, from 0
    count: int  # items


def read(config: BenchmarkConfig) -> Benchmark:
    """All items of a benchmark: records of its files, in the order of their paths, numbered from 0.

    Raises:
        BenchmarkError: a file cannot be found or read, no record has a field that is asked for, or there is no item.
    """
    texts: list[str] = []
    items: list[int] = []
    seen: set[str] = set()
    count = 0
    for location in _files(config):
        for record in _records(config, location):
            if isinstance(record, dict) and config.fields:
                seen |= {field for field in config.fields if field in record}
                record = [record.get(field) for field in config.fields]
            for text in _texts(record):
                texts.append(text)
                items.append(count)
            count += 1
    missing = [field for field in config.fields if field not in seen]
    if count and missing:
        raise BenchmarkError(f"benchmark {config.name!r}: no item has a field {missing[0]!r}")
    if not count:
        raise BenchmarkError(f"benchmark {config.name!r}: no item in {config.path}")
    return Benchmark(config.name, texts, np.array(items, np.int64), count)


def _files(config: BenchmarkConfig) -> list[str]:
    paths = (config.path,) if isinstance(config.path, str) else config.path
    try:
        return [found.location for found in find(SourceConfig.model_validate({"name": config.name, "path": paths}))]
    except SourceError as error:
        raise BenchmarkError(str(error).replace("source ", "benchmark ", 1)) from error


def _records(config: BenchmarkConfig, location: str) -> Iterator[Any]:
    where = f"benchmark {config.name!r}: {location}"
    try:
        uri = LakeUri.parse(location)
        data, suffix = _expanded(files_of(uri).read(str(uri)), location)
    except Exception as error:  # storage and decompressors have no common base of their exceptions
        detail = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise BenchmarkError(f"{where}: cannot be read: {detail}") from error
    if suffix == ".parquet":
        yield from _parquet(data, where)
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BenchmarkError(f"{where}: is not UTF-8 at byte {error.start:,}; convert it first") from error
    match suffix:
        case ".jsonl" | ".ndjson":
            for number, line in enumerate(text.split("\n"), start=1):
                if line.strip():
                    yield _json(line, f"{where}:{number}")
        case ".json":
            value = _json(text, where)
            yield from value if isinstance(value, list) else [value]
        case ".csv" | ".tsv":
            yield from _delimited(text, "\t" if suffix == ".tsv" else ",", where)
        case ".txt":
            yield from (line for line in text.splitlines() if line.strip())
        case _:
            raise BenchmarkError(
                f"{where}: a name ends in .jsonl, .json, .csv, .tsv, .parquet or .txt (also compressed: .gz, .zst, …)"
            )


def _expanded(data: bytes, location: str) -> tuple[bytes, str]:
    """The content of a file, and the ending of its name without that of a compression."""
    import importlib

    name = location.lower().rpartition("/")[2]
    for ending, module in _COMPRESSIONS.items():
        if name.endswith(ending):
            name = name.removesuffix(ending)
            library: Any = importlib.import_module(module)
            if module == "zstandard":
                data = library.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()
            else:
                data = library.decompress(data)
    return data, f".{name.rpartition('.')[2]}"


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BenchmarkError(f"{where}: is not JSON: {error}") from error


def _delimited(text: str, delimiter: str, where: str) -> Iterator[dict[str, Any]]:
    """Rows below a line of names."""
    csv.field_size_limit(1 << 30)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from rows
    except csv.Error as error:
        raise BenchmarkError(f"{where}:{rows.line_num}: {error}") from error


def _parquet(data: bytes, where: str) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(io.BytesIO(data)).iter_batches():
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise BenchmarkError(f"{where}: is not Parquet: {error}") from error


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, str):
        yield value.encode("utf-8", "replace").decode()  # JSON can hold half of a surrogate pair
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)

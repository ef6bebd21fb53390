"""Files of entity rows: Parquet, CSV and JSON lines, compressed or not."""

import re
from pathlib import Path

import pyarrow as pa

from features.training_sets.entities import cast, normalised, wanted_types
from features.training_sets.specification import EntityRowsError, Specification
from pipelines.errors import MissingPathError
from pipelines.tables import TIMESTAMP

_KINDS = re.compile(r".*\.(parquet|csv|jsonl|ndjson)(?:\.(?:gz|zst|bz2))?", re.IGNORECASE)


def read(path: Path, specification: Specification) -> pa.Table:
    """The rows of a file, or of a folder of Parquet files, as `entities.normalised` makes them. Held in memory.

    Join keys and values of the request are read as what their definition says: `007` stays a text where a key is one.
    An empty field of a CSV file is null, unless it is quoted.

    Raises:
        EntityRowsError: the file cannot be read, or its rows are none that features can be found for.
        MissingPathError: there is no such file.
    """
    files_of(path)
    reader = _parquet if path.is_dir() else _READERS[_kind(path)]
    try:
        return normalised(reader(path, specification), specification)
    except (pa.ArrowException, OSError, EntityRowsError) as error:
        raise EntityRowsError(f"{path}: {error}") from error


def files_of(path: Path) -> list[Path]:
    """The file itself; of a folder, the files in it, in one order.

    Raises:
        MissingPathError: there is nothing.
    """
    if not path.exists():
        raise MissingPathError(f"{path}: no such file, and the lake has no table of this name")
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _kind(path: Path) -> str:
    found = _KINDS.fullmatch(path.name)
    if not found:
        raise EntityRowsError(f"{path}: not a file of entity rows; known: .parquet, .csv, .jsonl")
    return found[1].lower()


def _read_as(specification: Specification) -> dict[str, pa.DataType]:
    """The types to read columns as; times as text, since their zone may be missing."""
    types = wanted_types(specification)
    return {name: pa.string() if dtype == TIMESTAMP else dtype for name, dtype in types.items()}


def _parquet(path: Path, specification: Specification) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(path)


def _csv(path: Path, specification: Specification) -> pa.Table:
    from pyarrow import csv

    wanted = _read_as(specification)
    integers = {name for name, dtype in wanted.items() if pa.types.is_integer(dtype)}
    options = csv.ConvertOptions(
        column_types={name: dtype for name, dtype in wanted.items() if name not in integers},
        null_values=[""],  # `NA` is a text: Namibia
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parsing = csv.ParseOptions(newlines_in_values=True)
    with pa.input_stream(str(path), compression="detect") as stream:
        rows = csv.read_csv(stream, parse_options=parsing, convert_options=options)
    return cast(rows, pa.schema([_whole(field) if field.name in integers else field for field in rows.schema]))


def _whole(field: pa.Field) -> pa.Field:
    """The column as integers: pandas writes 12.0 where other rows of the column have none."""
    return field.with_type(pa.int64()) if pa.types.is_floating(field.type) else field


def _json_lines(path: Path, specification: Specification) -> pa.Table:
    from pyarrow import json

    schema = pa.schema(_read_as(specification))
    with pa.input_stream(str(path), compression="detect") as stream:
        found = json.read_json(stream, parse_options=json.ParseOptions(explicit_schema=schema))
    # A column of the schema that no line has comes as nulls: say that it is missing, not that it is null.
    absent = [name for name in schema.names if found[name].null_count == len(found)]
    return found.drop_columns(absent) if absent and len(found) else found


_READERS = {"parquet": _parquet, "csv": _csv, "jsonl": _json_lines, "ndjson": _json_lines}

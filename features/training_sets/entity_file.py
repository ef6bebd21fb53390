"""Files of entity rows: Parquet, CSV and JSON lines, compressed or not."""

import re
from pathlib import Path

import pyarrow as pa

from features.definition.view import EVENT_TIMESTAMP
from features.tables import arrow_type
from features.training_sets.entities import normalised
from features.training_sets.specification import EntityRowsError, Specification
from pipelines.errors import MissingPathError

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


def _types(specification: Specification) -> dict[str, pa.DataType]:
    typed = {**specification.keys, **specification.request}
    return {**{name: arrow_type(dtype) for name, dtype in typed.items()}, EVENT_TIMESTAMP: pa.string()}


def _parquet(path: Path, specification: Specification) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(path)


def _csv(path: Path, specification: Specification) -> pa.Table:
    from pyarrow import csv

    options = csv.ConvertOptions(
        column_types=_types(specification),
        null_values=[""],  # `NA` is a text: Namibia
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parsing = csv.ParseOptions(newlines_in_values=True)
    with pa.input_stream(str(path), compression="detect") as stream:
        return csv.read_csv(stream, parse_options=parsing, convert_options=options)


def _json_lines(path: Path, specification: Specification) -> pa.Table:
    from pyarrow import json

    schema = pa.schema(list(_types(specification).items()))
    with pa.input_stream(str(path), compression="detect") as stream:
        found = json.read_json(stream, parse_options=json.ParseOptions(explicit_schema=schema))
    # A column of the schema that no line has comes as nulls: say that it is missing, not that it is null.
    absent = [name for name in schema.names if found[name].null_count == len(found)]
    return found.drop_columns(absent) if absent and len(found) else found


_READERS = {"parquet": _parquet, "csv": _csv, "jsonl": _json_lines, "ndjson": _json_lines}

"""Every place in a folder where a text could still stand: bytes of files, values in Parquet, ids of tokens."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def places(folder: Path, words: Sequence[str], decode) -> list[str]:
    """Where words stand: `file`, or `file: column`.

    Args:
        folder: to search, with all that is below it.
        words: to look for, in UTF-8, UTF-16 and as the texts that ids decode to.
        decode: ids -> text, with the lake's tokenizer.
    """
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name, data = str(file.relative_to(folder)), file.read_bytes()
        if any(word.encode(code) in data for word in words for code in ("utf-8", "utf-16-le")):
            found.append(name)
        if data[:4] == b"PAR1":
            found += [f"{name}: {column}" for column in _columns(pq.read_table(io.BytesIO(data)), words, decode)]
    return found


def _columns(table: pa.Table, words: Sequence[str], decode) -> Iterator[str]:
    for name in table.column_names:
        for chunk in table[name].chunks:
            if any(any(word in text for word in words) for text in _texts(chunk, decode)):
                yield name
                break


def _texts(values: pa.Array, decode) -> Iterator[str]:
    """All texts within an array, whatever its type; bytes also as ids of 16 and 32 bits."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        yield from _texts(values.dictionary, decode)
    elif pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            yield from _texts(pc.struct_field(values, [number]), decode)
    elif pa.types.is_map(kind):
        yield from _texts(values.keys, decode)
        yield from _texts(values.items, decode)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _texts(values.flatten(), decode)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield from (text for text in values.to_pylist() if text is not None)
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        for data in values.to_pylist():
            if data is not None:
                yield data.decode("utf-8", "replace")
                yield from (decode(np.frombuffer(data[: len(data) // size * size], f"<u{size}")) for size in (2, 4))

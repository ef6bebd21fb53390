"""Readers of exports that know nothing but the descriptions of the formats."""

import itertools
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Indexed:
    """What a pair of .bin and .idx holds."""

    dtype: np.dtype
    sequences: list[list[int]]
    documents: list[int]  # the sequence with which each begins, and the number of sequences


def megatron(prefix: Path) -> Indexed:
    """All sequences of an indexed dataset."""
    index = prefix.with_suffix(".idx").read_bytes()
    assert index[:9] == b"MMIDIDX\0\0"
    version, code, sequences, documents = struct.unpack_from("<QBQQ", index, 9)
    assert version == 1
    place = 9 + struct.calcsize("<QBQQ")
    lengths = np.frombuffer(index, "<i4", sequences, place)
    pointers = np.frombuffer(index, "<i8", sequences, place + 4 * sequences)
    starts = np.frombuffer(index, "<i8", documents, place + 12 * sequences)
    assert len(index) == place + 12 * sequences + 8 * documents
    dtype = np.dtype({8: "<u2", 4: "<i4"}[code])
    data = prefix.with_suffix(".bin").read_bytes()
    found = [
        np.frombuffer(data, dtype, n, at).tolist() for n, at in zip(lengths.tolist(), pointers.tolist(), strict=True)
    ]
    return Indexed(dtype, found, starts.tolist())


def mds(folder: Path) -> list[dict[str, Any]]:
    """All samples of a folder of shards, in order; arrays as lists."""
    index = json.loads((folder / "index.json").read_text())
    assert index["version"] == 2
    return [sample for shard in index["shards"] for sample in _shard(folder, shard)]


def _shard(folder: Path, shard: dict[str, Any]) -> list[dict[str, Any]]:
    data = (folder / shard["raw_data"]["basename"]).read_bytes()
    assert len(data) == shard["raw_data"]["bytes"]
    count = int.from_bytes(data[:4], "little")
    assert count == shard["samples"]
    begins = np.frombuffer(data, "<u4", count + 1, 4).tolist()
    described = json.loads(data[4 + 4 * (count + 1) : begins[0]])
    assert described.items() <= shard.items()
    assert begins[-1] == len(data)
    return [_sample(data[begin:end], shard) for begin, end in itertools.pairwise(begins)]


def _sample(data: bytes, shard: dict[str, Any]) -> dict[str, Any]:
    varying = shard["column_sizes"].count(None)
    sizes = iter(np.frombuffer(data, "<u4", varying).tolist())
    place, found = 4 * varying, {}
    for name, size, encoding in zip(
        shard["column_names"], shard["column_sizes"], shard["column_encodings"], strict=True
    ):
        size = next(sizes) if size is None else size
        found[name] = _value(data[place : place + size], encoding)
        place += size
    assert place == len(data)
    return found


def _value(data: bytes, encoding: str) -> Any:
    name, _, rest = encoding.partition(":")
    if name == "ndarray":
        dtype, _, shape = rest.partition(":")
        if shape:
            values = np.frombuffer(data, dtype)
            assert str(len(values)) == shape
            return values.tolist()
        assert data[0] >> 2 == 1  # one dimension
        width = 1 << (data[0] & 3)
        values = np.frombuffer(data[1 + width :], dtype)
        assert len(values) == int.from_bytes(data[1 : 1 + width], "little")
        return values.tolist()
    if name in ("str", "json", "bytes"):
        return {"str": bytes.decode, "json": json.loads, "bytes": bytes}[name](data)
    [value] = np.frombuffer(data, "<i8" if name == "int" else name).tolist()
    return value

"""Reads the files of fastText classifiers (Joulin et al. 2016): `.bin`, and `.ftz` (compressed, arXiv:1612.03651).

The format is that of fastText 0.9.2, version 12 of the file; version 11 differs in what `maxn` means. Numbers are
little-endian. Shapes: V entries of the dictionary, L labels, M rows, D dimensions.
"""

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipelines.kernels.arrays import Ids, Integers

_MAGIC, _VERSION = 793712314, 12
_SUPERVISED = 3
HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, SOFTMAX, ONE_VERSUS_ALL = 1, 2, 3, 4
_WORD, _LABEL = 0, 1
_MOST_PRUNED_BUCKETS = 1 << 26  # 256 MB of rows; fastText's default is 2 million
_MOST_COUNTED = 10**15  # of one label: fastText builds its tree with this as infinity
_CENTROIDS = 256  # per part of a row: one byte is one code

T = TypeVar("T")
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """The parameters of a classifier. The rows of `matrix` are those of the words, then those of hashed n-grams."""

    words: list[bytes]
    labels: list[str]  # as in the file, with their prefix
    label_counts: Integers  # (L,) in training
    loss: int
    word_ngrams: int  # words of the longest word n-gram
    shortest: int  # character n-grams; none when `longest` is 0
    longest: int
    buckets: int  # number of hash buckets for n-grams
    bucket_rows: Ids  # (buckets,), -1 for pruned ones; empty when nothing is pruned and rows follow the words in order
    matrix: Floats  # (M, D)
    output: Floats  # (L, D)


def read_model(path: Path) -> Model:
    """A supervised model.

    Raises:
        ValueError: the file is damaged, or no fastText model, or holds word vectors instead of a classifier.
        OSError: it cannot be read.
    """
    return _read(path, _model)


def read_labels(path: Path) -> list[str]:
    """The labels of a supervised model, with their prefix; reads no further than the dictionary.

    Raises:
        ValueError, OSError: as `read_model`.
    """
    return _read(path, lambda file: _dictionary(file, *_header(file)[1])[1])


def _read(path: Path, parse: Callable[["_Reader"], T]) -> T:
    with path.open("rb") as file:
        try:
            # closed with its last view: a large matrix stays in it, which processes of a machine share
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return parse(_Reader(content))
        except (ValueError, struct.error) as error:
            raise ValueError(f"model {path}: not a fastText model: {error}") from error


class _Reader:
    """Reads values from a file's bytes, one after the other."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._position = 0

    def numbers(self, layout: str) -> tuple:
        """Of a `struct` layout."""
        found = struct.unpack_from("<" + layout, self._content, self._position)
        self._position += struct.calcsize("<" + layout)
        return found

    def array(self, dtype: npt.DTypeLike, *shape: int) -> npt.NDArray:
        """An array of its own, so that it is aligned and writable whatever stands before it in the file."""
        return self.view(dtype, *shape).copy()

    def view(self, dtype: npt.DTypeLike, *shape: int) -> npt.NDArray:
        """An array in the mapped file: read when it is used, and held in memory once for all processes."""
        count, width = int(np.prod(shape, dtype=object)), np.dtype(dtype).itemsize
        if min(shape) < 0 or self._position + count * width > len(self._content):
            raise ValueError("it ends too early")
        found = np.frombuffer(self._content, dtype, count, self._position).reshape(shape)
        self._position += count * width
        return found

    def string(self) -> bytes:
        """Up to a zero byte."""
        end = self._content.find(b"\0", self._position)
        if end < 0:
            raise ValueError("it ends in the dictionary")
        found = self._content[self._position : end]
        self._position = end + 1
        return found


def _header(file: _Reader) -> tuple[tuple[int, ...], tuple[int, int, int], int]:
    """Settings, sizes of the dictionary (V + L, V, L), and how many buckets were kept (-1: all)."""
    magic, version = file.numbers("ii")
    if magic != _MAGIC or version > _VERSION:
        raise ValueError("its first bytes are others")
    found = file.numbers("12id")
    dimensions, word_ngrams, loss, kind, buckets, shortest, longest = (found[i] for i in (0, 5, 6, 7, 8, 9, 10))
    if kind != _SUPERVISED:
        raise ValueError("it is one of word vectors, without labels")
    if loss not in (HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, SOFTMAX, ONE_VERSUS_ALL):
        raise ValueError(f"its loss is number {loss}; known are 1 to 4")
    if version < _VERSION:
        longest = 0  # version 11: classifiers had no character n-grams
    size, words, labels, _, pruned = file.numbers("iiiqq")
    return (dimensions, word_ngrams, loss, buckets, shortest, longest), (size, words, labels), pruned


def _model(file: _Reader) -> Model:
    settings, sizes, pruned = _header(file)
    dimensions, word_ngrams, loss, buckets, shortest, longest = settings
    word_count, label_count = sizes[1:]
    words, labels, label_counts = _dictionary(file, *sizes)
    has_ngrams, most = longest > 0 or word_ngrams > 1, 2**31 if pruned < 0 else _MOST_PRUNED_BUCKETS
    if has_ngrams and not 0 < buckets < most:
        raise ValueError(f"n-grams in {buckets:,} buckets")
    bucket_rows = _bucket_rows(file.array("<i4", max(pruned, 0), 2), buckets, word_count, pruned)
    quantised = file.numbers("?")[0]
    matrix = _quantised(file) if quantised else file.view("<f4", *file.numbers("qq"))
    quantised_output = file.numbers("?")[0]
    output = _quantised(file) if quantised and quantised_output else _dense(file)
    rows = word_count + (max(buckets, 0) if pruned < 0 else 0)
    if bucket_rows.size:
        rows = max(rows, int(bucket_rows.max()) + 1)
    _check_shape("input", matrix, rows, dimensions)
    _check_shape("output", output, label_count, dimensions)
    n_grams = word_ngrams, shortest, longest, max(buckets, 0), bucket_rows
    return Model(words, labels, label_counts, loss, *n_grams, matrix, output)


def _dictionary(file: _Reader, size: int, words: int, labels: int) -> tuple[list[bytes], list[str], Integers]:
    """The words, the labels, and the counts of the labels."""
    entries = [(file.string(), *file.numbers("qb")) for _ in range(size)]
    types = [_WORD] * words + [_LABEL] * labels
    if [entry[2] for entry in entries] != types or not labels:
        raise ValueError("its dictionary is not words, then labels")
    counts = np.array([count for _, count, _ in entries[words:]], np.int64)
    if counts.min() < 0 or counts.max() >= _MOST_COUNTED:
        raise ValueError("impossible counts of labels")
    return [word for word, _, _ in entries[:words]], [label.decode() for label, _, _ in entries[words:]], counts


def _bucket_rows(kept: Ids, buckets: int, words: int, pruned: int) -> Ids:
    """(buckets,) from pairs (K, 2) of bucket and place behind the words; empty when nothing was pruned."""
    if pruned < 0:
        return np.empty(0, np.int32)
    if kept.size and (kept.min() < 0 or kept[:, 0].max() >= buckets):
        raise ValueError("an n-gram outside its buckets")
    rows = np.full(max(buckets, 0), -1, np.int32)
    rows[kept[:, 0]] = words + kept[:, 1]
    return rows


def _dense(file: _Reader) -> Floats:
    return file.array("<f4", *file.numbers("qq"))


def _quantised(file: _Reader) -> Floats:
    """A matrix of product quantised rows (Jégou et al. 2011), decoded: it takes the memory of a dense one."""
    has_norms, rows, columns, size = file.numbers("?qqi")
    parts = size // max(rows, 1)
    if rows * parts != size:
        raise ValueError("rows of codes that are not equally long")
    codes = file.array(np.uint8, rows, parts)
    centroids = _centroids(file, columns, parts)
    numbers = centroids[np.arange(parts), codes].reshape(rows, -1)[:, :columns]
    if has_norms:
        norm_codes = file.array(np.uint8, rows)
        numbers = numbers * _centroids(file, 1, 1)[0, norm_codes]
    return np.ascontiguousarray(numbers)


def _centroids(file: _Reader, columns: int, parts: int) -> Floats:
    """(parts, 256, columns of a part); the last part may be narrower."""
    dimensions, found_parts, width, last = file.numbers("4i")
    if (dimensions, found_parts) != (columns, parts) or min(width, last) < 1 or (parts - 1) * width + last != columns:
        raise ValueError("a product quantiser of another matrix")
    centroids = np.zeros((parts, _CENTROIDS, width), np.float32)
    centroids[:-1] = file.array("<f4", parts - 1, _CENTROIDS, width)
    centroids[-1, :, :last] = file.array("<f4", _CENTROIDS, last)
    return centroids


def _check_shape(name: str, matrix: Floats, rows: int, columns: int) -> None:
    if len(matrix) < rows or matrix.shape[1] != columns:
        raise ValueError(f"{name} matrix {matrix.shape}, not {(rows, columns)}")

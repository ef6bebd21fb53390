"""fastText models of random numbers, in the format of fastText 0.9.2: two readers must read the same out of them."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ALPHABET = "abcdeéßяж日本語😀<>_-1"
LOSSES = {"hierarchical softmax": 1, "negative sampling": 2, "softmax": 3, "one versus all": 4}


@dataclass(frozen=True)
class Shape:
    """What kind of model."""

    loss: str = "softmax"
    dimensions: int = 7
    words: int = 60
    labels: int = 9
    buckets: int = 500
    characters: tuple[int, int] = (2, 4)  # shortest and longest n-gram; (0, 0) for none
    word_ngrams: int = 1
    part: int = 0  # columns of a part of a quantised row; 0 for dense
    norms: bool = False
    pruned: bool = False
    quantised_output: bool = False
    end_of_line: bool = True
    kind: int = 3  # 1 and 2 are word vectors
    version: int = 12


def random_word(generator: np.random.Generator) -> str:
    return "".join(generator.choice(list(ALPHABET), generator.integers(1, 7)))


def write_model(path: Path, shape: Shape, seed: int = 0) -> list[str]:
    """Writes a model; returns its words."""
    generator = np.random.default_rng(seed)
    words = dict.fromkeys(["</s>"] * shape.end_of_line + [random_word(generator) for _ in range(shape.words)])
    labels = [f"__label__{number}" for number in range(shape.labels)]
    counts = sorted(generator.integers(1, 1000, len(words)), reverse=True)
    label_counts = sorted(generator.integers(1, 1000, len(labels)), reverse=True)
    arguments = (shape.dimensions, 5, 5, 1, 5, shape.word_ngrams, LOSSES[shape.loss], shape.kind, shape.buckets)
    content = struct.pack("<ii12id", 793712314, shape.version, *arguments, *shape.characters, 100, 1e-4)
    buckets = np.sort(generator.choice(shape.buckets, shape.buckets // 3, replace=False)) if shape.pruned else []
    size = len(words) + len(labels)
    content += struct.pack("<iiiqq", size, len(words), len(labels), 10**6, len(buckets) if shape.pruned else -1)
    for word, count in zip(words, counts, strict=True):
        content += word.encode() + struct.pack("<bqb", 0, count, 0)
    for label, count in zip(labels, label_counts, strict=True):
        content += label.encode() + struct.pack("<bqb", 0, count, 1)
    for place, bucket in enumerate(generator.permutation(buckets)):
        content += struct.pack("<ii", int(bucket), place)
    rows = len(words) + (len(buckets) if shape.pruned else shape.buckets)
    content += struct.pack("<?", bool(shape.part)) + _matrix(generator, rows, shape, shape.part)
    content += struct.pack("<?", shape.quantised_output)
    content += _matrix(generator, len(labels), shape, shape.part if shape.quantised_output else 0)
    path.write_bytes(content)
    return list(words)


def _matrix(generator: np.random.Generator, rows: int, shape: Shape, part: int) -> bytes:
    columns = shape.dimensions
    if not part:
        return struct.pack("<qq", rows, columns) + _normal(generator, rows * columns)
    parts, rest = -(-columns // part), columns % part or part
    content = struct.pack("<?qqi", shape.norms, rows, columns, rows * parts)
    content += generator.integers(0, 256, rows * parts, np.uint8).tobytes()
    content += struct.pack("<4i", columns, parts, part, rest) + _normal(generator, columns * 256)
    if shape.norms:
        content += generator.integers(0, 256, rows, np.uint8).tobytes()
        content += struct.pack("<4i", 1, 1, 1, 1) + _normal(generator, 256)
    return content


def _normal(generator: np.random.Generator, count: int) -> bytes:
    return generator.normal(0, 0.7, count).astype("<f4").tobytes()

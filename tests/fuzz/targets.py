"""What is fuzzed: every format of the table, in every packing, each with the options that change how it reads."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import originals

Options = dict[str, Any]
SMALL = {"max_document_bytes": 2_000, "max_decompressed_bytes": 100_000, "max_decompression_ratio": 20}


@dataclass(frozen=True)
class Target:
    """A reader under one file name."""

    name: str  # of the file, which chooses format and codec
    make: Callable[[], list[bytes]]
    options: tuple[Options, ...] = ({}, SMALL)
    # Records follow each other, each whole in itself: what stands before the damage is read as before.
    sequential: bool = False

    def files(self) -> list[bytes]:
        """The undamaged files."""
        return _files(self.name, self.make)


@cache
def _files(name: str, make: Callable[[], list[bytes]]) -> list[bytes]:
    return [file for file in make() if file]


def _many(make: Callable[[int], bytes], count: int = 8) -> Callable[[], list[bytes]]:
    return lambda: [make(number) for number in range(count)]


def _packed(make: Callable[[int], list[bytes]], codec: str) -> Callable[[], list[bytes]]:
    """In members of a part each, in one member, and as bombs."""

    def files() -> list[bytes]:
        parts = [make(number) for number in range(6)]
        one = [originals.members([b"".join(part)], codec) for part in parts]
        return [originals.members(part, codec) for part in parts] + one + [originals.bomb(n, codec) for n in range(4)]

    return files


def _line_parts(number: int) -> list[bytes]:
    lines = originals.jsonl(number).splitlines(keepends=True)
    return [b"".join(lines[start : start + 12]) for start in range(0, len(lines), 12)]


def _value_parts(number: int) -> list[bytes]:
    content = originals.json_values(number)
    return [content[start : start + 2_000] for start in range(0, len(content), 2_000)]


def _text_parts(number: int) -> list[bytes]:
    return [part + b"\n\n" for part in originals.plain(number).split(b"\n\n")]


def _tables() -> list[bytes]:
    return [originals.delimited(n, ",") for n in range(6)] + originals.installed(".csv")


_UNITS: tuple[Options, ...] = ({"unit": "paragraph"}, {"unit": "line"}, {"unit": "paragraph", **SMALL})
_UNDECODABLE: tuple[Options, ...] = ({}, {"undecodable": "reject"}, {"encoding": "cp949"}, {"encoding": "euc_jp"})
_LEGACY_UNITS: tuple[Options, ...] = ({"unit": "line"}, {"unit": "paragraph"}, {"unit": "line", "encoding": "big5"})
_META = {"id_column": "id", "url_column": "url", "meta_columns": ("when", "missing")}
_NESTED = {"text_column": "of.text", "meta_columns": ("of.n", "of", "text")}

TARGETS = {
    "jsonl": Target("a.jsonl", _many(originals.jsonl), ({}, SMALL, _META), sequential=True),
    "jsonl-gzip": Target("a.jsonl.gz", _packed(_line_parts, "gzip"), sequential=True),
    "jsonl-zstd": Target("a.jsonl.zst", _packed(_line_parts, "zstd"), sequential=True),
    "jsonl-zstd-long": Target("a.zst", _many(lambda n: originals.long_frames(_line_parts(n))), sequential=True),
    "json": Target("a.json", _many(originals.json_values, 12), ({}, SMALL, _META), sequential=True),
    "json-lines": Target("a.json", _many(originals.jsonl), ({}, SMALL, _META), sequential=True),
    "json-utf16": Target("a.json", _many(lambda n: originals.json_values(n).decode().encode("utf-16"))),
    "json-gzip": Target("a.json.gz", _packed(_value_parts, "gzip"), sequential=True),
    "json-zstd": Target("a.json.zst", _packed(_value_parts, "zstd"), sequential=True),
    "csv-backslash": Target("a.csv", _many(originals.backslashed), ({}, {"escape": "\\"}, {"multiline": False})),
    "csv": Target("a.csv", _tables, ({}, {"multiline": False}, {"header": False, "text_column": "1"}, SMALL)),
    "tsv": Target(
        "a.tsv", _many(lambda n: originals.delimited(n, "\t")), ({}, {"quoting": True}, _META), sequential=True
    ),
    "text": Target("a.txt", lambda: originals.installed(".txt", ".rst") + originals.shared("wikitext2/*.txt")),
    "text-lines": Target(
        "a.txt", _many(originals.plain), ({"unit": "line"}, {"unit": "line", **SMALL}), sequential=True
    ),
    "text-paragraphs": Target("a.txt", _many(originals.plain), _UNITS, sequential=True),
    "text-utf16": Target("a.txt", _many(lambda n: originals.plain(n).decode().encode("utf-16")), ({}, *_UNITS)),
    "text-gzip": Target("a.txt.gz", _packed(_text_parts, "gzip"), ({}, *_UNITS)),
    "text-zstd": Target("a.txt.zst", _packed(_text_parts, "zstd"), ({}, *_UNITS)),
    "text-legacy": Target("a.txt", _many(originals.legacy, 40), _UNDECODABLE),
    "text-lines-legacy": Target("a.txt", _many(originals.legacy, 40), _LEGACY_UNITS),
    "csv-legacy": Target("a.csv", _many(originals.legacy_table, 40), ({}, {"multiline": False}, *_UNDECODABLE)),
    "html-legacy": Target("a.html", _many(originals.legacy_page, 40), _UNDECODABLE),
    "jsonl-surrogates": Target("a.jsonl", _many(originals.surrogates), ({}, _META, *_UNDECODABLE), sequential=True),
    "html": Target("a.html", lambda: list(originals.pages()), ({"extractor_timeout": 5.0}, SMALL)),
    "html-gzip": Target("a.html.gz", lambda: [originals.members([page], "gzip") for page in originals.pages()]),
    "markdown": Target("a.md", lambda: originals.installed(".md", ".markdown")),
    "parquet": Target("a.parquet", _many(originals.parquet, 12), ({}, _META, SMALL, _NESTED)),
    "delta": Target("part.parquet", _many(originals.parquet, 12), ({"format": "delta"}, {"format": "delta", **_META})),
    "python_topics": Target("topics.py", originals.python_topics, ({"format": "python_topics"},)),
    "warc": Target("a.warc", _many(lambda n: b"".join(originals.warc_records(n))), sequential=True),
    "warc-gzip": Target("a.warc.gz", _packed(originals.warc_records, "gzip"), sequential=True),
    "warc-zstd": Target("a.warc.zst", _packed(originals.warc_records, "zstd"), sequential=True),
    "common-crawl": Target("a.warc.gz", lambda: originals.shared("common-crawl/*.gz")),
    "zip": Target("a.zip", lambda: [*(originals.zipped(n) for n in range(6)), *originals.shared("speeches/*.zip")]),
    "unknown": Target("part-0001", lambda: [originals.jsonl(1), originals.plain(1), *originals.pages()[:3]]),
}

# Real archives stand beside a checkout only.
AVAILABLE = tuple(name for name, target in TARGETS.items() if name != "common-crawl" or target.files())

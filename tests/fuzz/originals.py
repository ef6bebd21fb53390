"""The files that are damaged: real ones of installed packages and of the shared data, and containers of their text.

The same on every run of one machine, so that a case can be made again from its number.
"""

import csv
import gzip
import importlib.util
import io
import json
import zipfile
from functools import cache
from pathlib import Path
from pydoc_data import topics
from random import Random

import brotli
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from legacy_texts import WRITTEN

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
LARGEST = 200_000  # bytes of a file that is taken as it is


def installed(*suffixes: str, most: int = 12) -> list[bytes]:
    """Files of installed packages, in order of their names, spread evenly over all that there are."""
    spec = importlib.util.find_spec("pyarrow")
    assert spec is not None
    assert spec.origin is not None
    packages = Path(spec.origin).parents[1]
    found = sorted(path for suffix in suffixes for path in packages.rglob(f"*{suffix}") if path.is_file())
    fitting = [path for path in found if 100 < path.stat().st_size <= LARGEST]
    return [path.read_bytes() for path in fitting[:: max(1, len(fitting) // most)]]


@cache
def texts() -> tuple[str, ...]:
    """Paragraphs of English, and of many languages where the shared data is there."""
    found = [" ".join(part.split()) for name in sorted(topics.topics) for part in topics.topics[name].split("\n\n")]
    found = [text for text in found if len(text) > 80][:400]
    archive = SHARED_DATA / "udhr" / "udhr.zip"
    if archive.is_file():
        with zipfile.ZipFile(archive) as members:
            for info in sorted(members.infolist(), key=lambda info: info.filename):
                if info.filename.endswith("-UTF8"):
                    text = members.read(info).decode("utf-8", "ignore")
                    found += [part.replace("\0", "") for part in text.split("\n") if len(part) > 80][3:5]
    Random(4).shuffle(found)
    return tuple(found)


def some(number: int, count: int) -> list[str]:
    """`count` paragraphs, other ones for every number."""
    return Random(number).sample(texts(), count)


def jsonl(number: int) -> bytes:
    """One object a line."""
    rows = [{"text": text, "id": n, "url": f"https://example.org/{n}"} for n, text in enumerate(some(number, 60))]
    return "".join(json.dumps(row, ensure_ascii=number % 2 == 0) + "\n" for row in rows).encode()


def json_values(number: int) -> bytes:
    """Objects in an array, on one line or indented, or one after the other over several lines."""
    objects = [{"text": text, "id": n, "of": {"tags": ["a", {"b": n}]}} for n, text in enumerate(some(number, 40))]
    if number % 4 == 3:
        return "\n".join(json.dumps(each, indent=1) for each in objects).encode()
    return json.dumps(objects, indent=[None, 0, 2][number % 4], ensure_ascii=number % 8 < 4).encode()


def backslashed(number: int) -> bytes:
    """A table as Spark writes it: a backslash before each quote and backslash of a quoted field."""
    rows = ["id,text,path"]
    for n, text in enumerate(some(number, 50)):
        quoted = text.replace(" the ", ' "the" ').replace("\\", "\\\\").replace('"', '\\"').replace(". ", ".\n", n % 3)
        rows.append(f'{n},"{quoted}",C:\\{n}\\')
    return "\n".join(rows).encode()


def delimited(number: int, delimiter: str) -> bytes:
    """A table with a header; fields hold quotes, delimiters and line breaks when they may."""
    out = io.StringIO()
    if delimiter == ",":
        writer = csv.writer(out)
        writer.writerow(["id", "text", "url"])
        for n, text in enumerate(some(number, 50)):
            writer.writerow([n, text.replace(". ", ".\n", n % 3), f'say "{n}"'])
    else:
        rows = ["id\ttext\turl", *(f"{n}\t{text}\thttps://x.org/{n}" for n, text in enumerate(some(number, 50)))]
        out.write("\n".join(rows) + "\n")
    return out.getvalue().encode()


def plain(number: int) -> bytes:
    """Paragraphs between blank lines."""
    return "\n\n".join(text.replace(", ", ",\n") for text in some(number, 30)).encode()


def legacy(number: int) -> bytes:
    """Paragraphs in an encoding before UTF-8, which nothing names."""
    text, encoding = WRITTEN[number % len(WRITTEN)]
    return "\n\n".join(f"{n}. {text}\n{text}" for n in range(12)).encode(encoding)


def legacy_table(number: int) -> bytes:
    """A table in an encoding before UTF-8."""
    text, encoding = WRITTEN[number % len(WRITTEN)]
    return ("id,text\n" + "".join(f'{n},"{text} {n}"\n' for n in range(30))).encode(encoding)


def legacy_page(number: int) -> bytes:
    """A page in an encoding before UTF-8, with its own charset declared, another one, or none."""
    text, encoding = WRITTEN[number % len(WRITTEN)]
    other = WRITTEN[number * 7 % len(WRITTEN)][1]
    declared = [f"<meta charset={encoding}>", f"<meta charset={other}>", "", "<meta charset=utf-8>"][number % 4]
    body = "".join(f"<p>{text} {text}</p>" for _ in range(8))
    return f"<html><head>{declared}<title>t</title></head><body><main>{body}</main></body></html>".encode(encoding)


def surrogates(number: int) -> bytes:
    """Lines with surrogates, in pairs and alone, escaped and as bytes."""
    kinds = (b"\\ud83d\\ude00", b"\\ud83d", b"\\ude00\\ud83d", b"\xed\xa0\xbd\xed\xb8\x80", b"\xed\xa0\xbd", b"\xc3")
    lines = [
        b'{"text": "%s %s", "id": "%s"}' % (text.encode(), kinds[n % 6], kinds[(n + number) % 6])
        for n, text in enumerate(text.replace('"', "").replace("\\", "") for text in some(number, 40))
    ]
    return b"\n".join(lines)


def parquet(number: int) -> bytes:
    """A file of several row groups, in one of several codings."""
    rows = some(number, 80)
    table = pa.table({"text": rows, "id": range(80), "when": pa.array(range(80), pa.timestamp("us"))})
    table = table.append_column("of", pa.array([{"text": text, "n": n} for n, text in enumerate(rows)]))
    if number % 3 == 0:
        table = table.set_column(0, "text", table["text"].dictionary_encode())
    out = io.BytesIO()
    codec = ["zstd", "snappy", "none", "gzip", "brotli", "lz4"][number % 6]
    pq.write_table(table, out, row_group_size=17, compression=codec, data_page_size=2_000)
    return out.getvalue()


def warc_records(number: int) -> list[bytes]:
    """Records of several types; pages come in several transfer and content codings, and under odd headers."""
    records = [_warc("warcinfo", "application/warc-fields", b"software: fuzz\r\n")]
    for n, page in enumerate(pages()[number % 5 :: 5][:6]):
        body, headers = page[:20_000], b""
        if n % 3 == 0:
            body, headers = gzip.compress(body, mtime=0), b"Content-Encoding: gzip\r\n"
        elif n % 3 == 1:
            body, headers = brotli.compress(body, quality=3), b"Content-Encoding: br\r\n"
        if n % 2:
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in _parts(body)) + b"0\r\n\r\n"
            headers += b"Transfer-Encoding: chunked\r\n"
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n%s\r\n%s" % (headers, body)
        records.append(_warc("request", "application/http; msgtype=request", b"GET / HTTP/1.1\r\n\r\n"))
        records.append(_warc("response", "application/http; msgtype=response", http))
    for n, page in enumerate(pages()[(number + 1) % 5 :: 5][:4]):
        records.append(_warc("response", "application/http; msgtype=response", _odd(4 * number + n) + page[:5_000]))
    return records + [_warc("conversion", "text/plain", text.encode()) for text in some(number, 10)]


def _odd(number: int) -> bytes:
    """The header of a page that is stored decoded, as one crawler or another has written it."""
    return _ODD_STATUS[number % len(_ODD_STATUS)] + _ODD_FIELDS[number % len(_ODD_FIELDS)]


_ODD_STATUS = (
    b"HTTP/1.1 200\r\n",
    b"HTTP/2 200\r\n",
    b"\r\n\nHTTP/1.0   404   Not Found  \n",
    b"http/1.1 200 Trouv\xe9\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
)
_ODD_FIELDS = (
    b"content-type: text/html\nTransfer-Encoding: chunked\n\n",
    b"Content-Type : text/html ;charset = utf-8\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"X-Ville: Orl\xe9ans\r\n folded\r\n\tagain\r\nno field\r\nContent-Type:\r\n text/html\r\n \r\n",
    b"Content-Type: image/png\r\nContent-Type: text/html\r\nContent-Encoding: gzip, deflate\r\n\r\n",
    b"Content-Type: application/octet-stream\r\nContent-Encoding: UTF-8\r\n\r\n",
    b": x\r\nContent-Type: text/html\r\nContent-Encoding: zstd\r\n",
    b"Content-Type: text/plain\r\n\r\nbeef\r\n",
)


def _parts(body: bytes) -> list[bytes]:
    return [body[start : start + 1_000] for start in range(0, len(body), 1_000)]


def _warc(kind: str, media: str, body: bytes) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://example.org/\r\nContent-Type: {media}\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(body), body)


@cache
def pages() -> tuple[bytes, ...]:
    """HTML of installed packages, and pages made of real paragraphs."""
    made = [
        "<!doctype html><html><head><meta charset=utf-8><title>t</title></head><body><nav><a href=/>Home</a></nav>"
        "<main>" + "".join(f"<p>{text}</p>" for text in some(number, 12)) + "</main></body></html>"
        for number in range(20)
    ]
    return (*(page.encode() for page in made), *installed(".html"))


def python_topics() -> list[bytes]:
    """Modules of one dict, as `pydoc_data/topics.py`."""
    named = sorted(topics.topics)
    some_topics = [{name: topics.topics[name] for name in named[first : first + 12]} for first in range(0, 60, 12)]
    return [f"# Topics\ntopics = {some!r}\n".encode() for some in some_topics]


def zipped(number: int) -> bytes:
    """An archive of files of several kinds."""
    out = io.BytesIO()
    method = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2][number % 4]
    kinds = {
        "a/notes.jsonl": jsonl(number),
        "b.txt": plain(number),
        "é.html": pages()[number % len(pages())],
        "lang=de/packed.csv.gz": gzip.compress(delimited(number, ","), mtime=0),
    }
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in kinds.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return out.getvalue()


def members(parts: list[bytes], codec: str) -> bytes:
    """Each part compressed by itself, one after the other."""
    return b"".join(gzip.compress(part, 6, mtime=0) if codec == "gzip" else zstandard.compress(part) for part in parts)


def long_frames(parts: list[bytes]) -> bytes:
    """A zstd frame for each part, as `zstd --long=29` writes from a pipe, between frames that hold nothing."""
    options = zstandard.ZstdCompressionParameters(window_log=20, enable_ldm=False)
    framed = b""
    for part in parts:
        compressor = zstandard.ZstdCompressor(compression_params=options).compressobj()
        frame = compressor.compress(part) + compressor.flush()
        framed += frame[:5] + bytes([29 - 10 << 3]) + frame[6:]  # RFC 8878, 3.1.1.1.2
        framed += (0x184D2A50).to_bytes(4, "little") + (3).to_bytes(4, "little") + b"any" + zstandard.compress(b"")
    return framed


def bomb(number: int, codec: str) -> bytes:
    """A few kilobytes that expand to a thousand times as much, with or without line ends in them."""
    line, length = _BOMBS[number % len(_BOMBS)]
    return members([line * (length // len(line)), b"after\n"], codec)


_BOMBS = (
    (b"\0" * 80, 8_000_000),
    (b'{"text": "' + b"a" * 400 + b'"}\n', 800_000),
    (b"WARC/1.0\r\n", 100_000),
    (b" ", 8_000_000),
)


def shared(pattern: str) -> list[bytes]:
    """Files of the shared data, where it is."""
    return [path.read_bytes()[: 2 * LARGEST] for path in sorted(SHARED_DATA.glob(pattern))]

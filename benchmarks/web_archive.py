"""Writes pages as a web archive (WARC 1.1, ISO 28500:2017), one gzip member for each record."""

import gzip
import re
import uuid
from base64 import b32encode
from datetime import UTC, datetime
from hashlib import sha1
from urllib.parse import quote

from benchmarks.debian import Page

_META_CHARSET = re.compile(rb"""(?i)<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([a-z0-9_:.-]{2,40})""")


def url(page: Page) -> str:
    """A page's address: under the top-level domain that nobody can own (RFC 2606)."""
    return f"https://{page.package}.example/{quote(page.path)}"


def charset(data: bytes) -> str:
    """The encoding to declare for a page: UTF-8 when it is, else what its markup says, else the web's default."""
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        named = _META_CHARSET.search(data[:4096])
        return named[1].decode().lower() if named else "windows-1252"


def response(page: Page, data: bytes) -> bytes:
    """The page as a `response` record: the same page gives the same bytes."""
    http = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset(data)}\r\nContent-Length: {len(data)}\r\n\r\n"
    ).encode() + data
    when = datetime.fromtimestamp(page.file.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = {
        "WARC-Type": "response",
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, url(page))}>",
        "WARC-Target-URI": url(page),
        "WARC-Date": when,
        "WARC-Payload-Digest": f"sha1:{b32encode(sha1(data).digest()).decode()}",
        "WARC-Identified-Payload-Type": "text/html",
        "Content-Type": "application/http; msgtype=response",
    }
    return _record(fields, http)


def warcinfo(name: str) -> bytes:
    """The first record of an archive file."""
    fields = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>",
        "WARC-Date": "2000-01-01T00:00:00Z",  # of no meaning: the same corpus is the same bytes
        "WARC-Filename": name,
        "Content-Type": "application/warc-fields",
    }
    return _record(fields, b"software: tokenlake benchmarks\r\nformat: WARC file version 1.1\r\n")


def _record(fields: dict[str, str], block: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    record = f"WARC/1.1\r\n{head}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"
    return gzip.compress(record, mtime=0)

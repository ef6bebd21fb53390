"""Web archives for tests: written by warcio, or byte by byte where warcio would not write it so."""

import io

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

PAGE = "<html><head><title>t</title></head><body><main><p>{}</p></main></body></html>"


class Archive:
    """Records in the order they are added."""

    def __init__(self, compressed: bool = True) -> None:
        self.out = io.BytesIO()
        self.writer = WARCWriter(self.out, gzip=compressed)
        self.offsets: list[int] = []

    def add(self, kind: str, payload: bytes, headers: list[tuple[str, str]] | None = None, **options) -> "Archive":
        self.offsets.append(self.out.tell())
        http = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1") if headers is not None else None
        record = self.writer.create_warc_record(
            "http://example.org/", kind, payload=io.BytesIO(payload), http_headers=http, **options
        )
        self.writer.write_record(record)
        return self

    def page(self, text: str) -> "Archive":
        return self.add("response", PAGE.format(text).encode(), [("Content-Type", "text/html; charset=utf-8")])

    def text(self, text: str) -> "Archive":
        return self.add("conversion", text.encode(), warc_content_type="text/plain")

    @property
    def bytes(self) -> bytes:
        return self.out.getvalue()


def response(http: bytes, *fields: str) -> bytes:
    """A plain record that holds a response as it stands, with more WARC fields."""
    lines = ["WARC/1.0", "WARC-Type: response", "WARC-Target-URI: http://example.org/", *fields]
    lines += ["Content-Type: application/http; msgtype=response", f"Content-Length: {len(http)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + http + b"\r\n\r\n"

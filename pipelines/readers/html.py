"""HTML: the main text of a page. A file is a page."""

import re

from pipelines.extraction.extract import extract
from pipelines.extraction.extractors import ExtractionError, ExtractionTimeoutError
from pipelines.readers.config import SourceConfig
from pipelines.readers.encoding import decode
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept
from pipelines.readers.undecodable import EncodingError
from pipelines.readers.whole import content

_META_CHARSET = re.compile(rb"""(?i)<meta\b[^>]{0,512}?charset\s*=\s*["']?\s*([a-z0-9_:.-]{2,40})""")
_DECLARED_XML = re.compile(rb"""(?i)\A\s*<\?xml\b[^>]{0,256}?encoding\s*=\s*["']([a-z0-9_:.-]{2,40})""")


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The page in a file.

    Raises:
        ReadError: the file cannot be opened.
    """
    data = content(split, statistics)
    yield data if isinstance(data, Reject) else page(0, data, {}, split.config)


def page(
    position: int,
    data: bytes,
    meta: dict[str, str],
    config: SourceConfig,
    charset: str | None = None,
    sample: bytes = b"",
) -> Document | Reject:
    """A page's main text.

    `charset` is what came with the page, for instance in its HTTP headers; it goes before what the page itself says.
    `sample` is for a reject, when it is not the page's first bytes.
    """
    sample = (sample or data)[:256]
    try:
        html = decode(data, config.encoding, (charset, declared_in_html(data)), config.undecodable)
        text = extract(html.text, config.extractor, config.extractor_timeout)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, str(error), sample)
    except ExtractionTimeoutError as error:
        return Reject(position, Reason.EXTRACTION_TIMEOUT, str(error), sample)
    except ExtractionError as error:
        return Reject(position, Reason.EXTRACTION_FAILED, str(error), sample)
    return accept(position, text, {**meta, **html.meta()}, sample)


def declared_in_html(data: bytes) -> str | None:
    """The charset that a page's first 4 KiB declare."""
    found = _META_CHARSET.search(data[:4096]) or _DECLARED_XML.search(data[:4096])
    return found[1].decode("ascii") if found else None

"""HTML: the main text of a page. A file is a page."""

from pipelines.extraction.extract import extract
from pipelines.extraction.extractors import ExtractionError, ExtractionTimeoutError
from pipelines.readers.config import SourceConfig
from pipelines.readers.encoding import EncodingError, declared_in_html, decode
from pipelines.readers.record import Document, ReadStatistics, Reason, Records, Reject, Split, accept
from pipelines.readers.whole import content


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

    `charset` is what came with the page, for instance in its HTTP headers; otherwise the page itself is asked.
    `sample` is for a reject, when it is not the page's first bytes.
    """
    sample = (sample or data)[:256]
    try:
        html, encoding = decode(data, config.encoding, charset or declared_in_html(data))
        text = extract(html, config.extractor, config.extractor_timeout)
    except EncodingError as error:
        return Reject(position, Reason.ENCODING, str(error), sample)
    except ExtractionTimeoutError as error:
        return Reject(position, Reason.EXTRACTION_TIMEOUT, str(error), sample)
    except ExtractionError as error:
        return Reject(position, Reason.EXTRACTION_FAILED, str(error), sample)
    if encoding != "utf-8":
        meta = {**meta, "encoding": encoding}
    return accept(position, text, meta, sample)

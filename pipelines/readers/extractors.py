"""The extractors of main text, and which pages may be costly for them. No Spark, no processes: page in, text out."""

import numpy as np

from pipelines.readers.config import Extractor

# resiliparse takes milliseconds for an ordinary page, but quadratic time for deep nesting, for very many options in a
# list and for very many attributes. Below these limits no page takes longer than about a second.
_TAGS = 10_000
_DEPTH_SUM = 2_000_000  # over all tags: how many are open there
_TAG_BYTES = 16 << 10

_LESS, _GREATER, _SLASH = b"<>/"
_LOWER_CASE = 0x20


class ExtractionError(Exception):
    """The extractor failed on a page."""


class ExtractionTimeoutError(ExtractionError):
    """The extractor took longer than allowed, and was stopped."""


def main_text(html: str, extractor: Extractor) -> str:
    """The main text of a page, "" when it has none. Depends on the page alone.

    Raises:
        ExtractionError: the extractor failed.
    """
    try:
        return _resiliparse(html) if extractor == "resiliparse" else _trafilatura(html)
    except Exception as error:  # their exceptions have no base of their own
        raise ExtractionError(f"{extractor}: {type(error).__name__}: {error}") from error


def _resiliparse(html: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return extract_plain_text(html, main_content=True, list_bullets=True, alt_texts=False, links=False)


def _trafilatura(html: str) -> str:
    import trafilatura

    # no `deduplicate`: it remembers the pages before
    return trafilatura.extract(html, favor_precision=True, include_comments=False, deduplicate=False) or ""


def may_be_costly(html: str) -> bool:
    """Whether a page might take resiliparse more than about a second.

    Overestimates: tags that need no end count as open.
    """
    page = np.frombuffer(html.encode("utf-8", "replace") + b"\0", np.uint8)
    starts = np.flatnonzero(page == _LESS)
    if len(starts) > _TAGS:
        return True
    following = page[starts + 1]
    opening = ((following | _LOWER_CASE) >= ord("a")) & ((following | _LOWER_CASE) <= ord("z"))
    depths = np.cumsum(opening.astype(np.int64) - (following == _SLASH))
    ends = np.append(np.flatnonzero(page == _GREATER), len(page))
    lengths = ends[np.searchsorted(ends, starts)] - starts
    return bool(depths.sum(where=depths > 0) > _DEPTH_SUM or lengths.max(initial=0) > _TAG_BYTES)

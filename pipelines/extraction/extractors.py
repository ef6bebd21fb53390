"""The extractors of main text, as plain functions."""

from typing import Literal, TypeAlias

from pipelines.errors import TokenlakeError

Extractor: TypeAlias = Literal["resiliparse", "trafilatura"]

_NO_MEMORY = "(Error 2)"  # of lexbor, resiliparse's parser: LXB_STATUS_ERROR_MEMORY_ALLOCATION


class ExtractionError(TokenlakeError):
    """The extractor failed on a page."""


class ExtractionTimeoutError(ExtractionError):
    """The extractor took longer than allowed, and was stopped."""


class ExtractorMissingError(TokenlakeError, RuntimeError):
    """The extractor cannot be started: a fault of the installation, not of any page."""


def main_text(html: str, extractor: Extractor) -> str:
    """The main text of a page, "" when it has none. Depends on the page alone.

    Raises:
        ExtractionError: the extractor failed.
        MemoryError: there was not enough memory, which says nothing about the page.
    """
    try:
        return _resiliparse(html) if extractor == "resiliparse" else _trafilatura(html)
    except MemoryError:
        raise
    except Exception as error:  # the libraries have no common base of their exceptions
        raise ExtractionError(f"{extractor}: {type(error).__name__}: {error}") from error


def _resiliparse(html: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    try:
        return extract_plain_text(html, main_content=True, list_bullets=True, alt_texts=False, links=False)
    except Exception as error:
        if _NO_MEMORY in str(error):
            raise MemoryError(f"resiliparse: {error}") from error
        raise


def _trafilatura(html: str) -> str:
    import trafilatura

    # `deduplicate` would make the result depend on earlier pages
    return trafilatura.extract(html, favor_precision=True, include_comments=False, deduplicate=False) or ""

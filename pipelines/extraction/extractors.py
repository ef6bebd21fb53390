"""The extractors of main text, as plain functions."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from pipelines.errors import TokenlakeError

Extractor: TypeAlias = Literal["resiliparse", "blocks", "rs-trafilatura", "trafilatura"]

# How to get what an extractor needs, for the error when it does not start.
INSTALL: dict[Extractor, str] = {
    "resiliparse": "pip install tokenlake",
    "blocks": "pip install tokenlake",
    "rs-trafilatura": "pip install rs-trafilatura (built with cargo, Rust's package manager)",
    "trafilatura": "pip install 'tokenlake[trafilatura]'",
}

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
        return _EXTRACTORS[extractor](html)
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


def _blocks(html: str) -> str:
    from pipelines.extraction.main_blocks import main_text_of_blocks

    return main_text_of_blocks(html)


def _rs_trafilatura(html: str) -> str:
    import rs_trafilatura  # type: ignore[import-not-found,unused-ignore]

    text: str | None = rs_trafilatura.extract(html).main_content
    return text or ""


def _trafilatura(html: str) -> str:
    import trafilatura

    # `deduplicate` would make the result depend on earlier pages
    return trafilatura.extract(html, favor_precision=True, include_comments=False, deduplicate=False) or ""


_EXTRACTORS: dict[Extractor, Callable[[str], str]] = {
    "resiliparse": _resiliparse,
    "blocks": _blocks,
    "rs-trafilatura": _rs_trafilatura,
    "trafilatura": _trafilatura,
}

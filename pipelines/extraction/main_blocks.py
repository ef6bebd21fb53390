"""The extractor `blocks`: the main text of a page as the blocks of it that the evidence speaks for."""

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from pipelines.extraction.blocks import VOID, Page, read
from pipelines.extraction.evidence import is_main


def main_text_of_blocks(html: str) -> str:
    """The main text of a page, with paragraphs, lists, tables and preformatted text as resiliparse writes them."""
    body = HTMLTree.parse(html).body
    page = read(body.outer_html if body is not None else "")
    if not len(page.words):
        return ""
    kept = _markup(page, is_main(page).tolist())
    return extract_plain_text(kept, main_content=False, list_bullets=True, alt_texts=False, links=False, noscript=True)


def _markup(page: Page, is_kept: list[bool]) -> str:
    """The kept blocks in the elements around them; elements without any text are left out."""
    pieces: list[str] = []
    started: list[tuple[int, int]] = []  # of each open element: its first piece, and the kept texts before it
    kept = 0
    for event, value, block in page.events:
        if event == 2:
            if block < 0 or is_kept[block]:
                pieces.append(value)
                kept += block >= 0
        elif event == 1:
            first, before = started.pop()
            if kept == before:
                del pieces[first:]
            else:
                pieces.append(f"</{value}>")
        elif value in VOID:
            pieces.append(f"<{value}>")
        else:
            started.append((len(pieces), kept))
            pieces.append(f"<{value}>")
    return "".join(pieces)

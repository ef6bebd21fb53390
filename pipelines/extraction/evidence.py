"""Which blocks of a page are its main text: evidence for and against, with a weight for each kind."""

import numpy as np
from numpy.typing import NDArray

from pipelines.extraction.blocks import Floats, Page
from pipelines.extraction.names import BOILERPLATE, Place

_PARAGRAPH_WORDS = 10  # outside links: a block with more is taken for a paragraph
_CORE_SHARE = 0.75  # of the words in paragraphs: the innermost element that holds so much of them is the core

_PLACES = {
    "in nav": Place.NAV,
    "in header": Place.HEADER,
    "in footer": Place.FOOTER,
    "in aside": Place.ASIDE,
    "in form": Place.FORM,
    "hidden": Place.HIDDEN,
    "in main": Place.MAIN,
    "in article": Place.ARTICLE,
    "heading": Place.HEADING,
    "list item": Place.ITEM,
    "paragraph": Place.PARAGRAPH,
    "button or label": Place.BUTTON,
    "quotation": Place.QUOTE,
    "caption": Place.CAPTION,
    "named footer": Place.NAMED_FOOTER,
    "named related": Place.NAMED_RELATED,
    "named dialog": Place.NAMED_DIALOG,
    "named post": Place.NAMED_POST,
    "table": Place.TABLE,
}

# In log odds, fitted by benchmarks/extraction/fit.py on half of the sites of WCXB's development pages
# (docs/decisions/0054-extractors.md).
WEIGHTS: dict[str, float] = {
    "in nav": -0.743,
    "in header": -0.876,
    "in footer": -0.502,
    "in aside": -1.297,
    "in form": -1.540,
    "hidden": -0.557,
    "in main": 0.198,
    "in article": 0.138,
    "heading": 0.962,
    "list item": 0.510,
    "paragraph": 0.699,
    "button or label": -1.280,
    "quotation": 0.527,
    "caption": -2.960,
    "named footer": -1.844,
    "named related": -0.532,
    "named dialog": -1.077,
    "named post": -0.259,
    "table": 0.590,
    "share of words in links": -0.643,
    "one word": 0.864,
    "ends as a sentence": 0.715,
    "position": -1.128,
    "in the last fifth": -0.709,
    "in the first tenth": -0.447,
    "words of the next block": 0.176,
    "words of the page": -0.339,
    "outside main, of a page that has one": -0.672,
    "outside article, of a page that has one": -0.427,
    "in the core": 0.573,
    "in the core × its share of the page": 2.089,
    "share of the page in paragraphs": -1.435,
    "in a comment × share of paragraphs outside comments": -2.902,
    "words of the second element": 0.134,
    "words of the third element": 0.072,
    "words of the fourth element": 0.092,
    "share of links in the innermost element": 0.118,
    "elements like the innermost": 0.256,
    "elements like the second": 0.112,
    "always": 0.401,
}


def is_main(page: Page) -> NDArray[np.bool_]:
    """For each block, whether the evidence for it outweighs that against it: (n,)."""
    found = evidence(page)
    return sum((WEIGHTS[name] * column for name, column in found.items()), np.zeros(len(page.words))) > 0


def evidence(page: Page) -> dict[str, Floats]:
    """Columns of evidence, each (n,)."""
    return {
        **{name: ((page.places & int(place)) != 0).astype(np.float64) for name, place in _PLACES.items()},
        **_shape(page),
        **_containers(page),
        "always": np.ones(len(page.words)),
    }


def _shape(page: Page) -> dict[str, Floats]:
    """Of the block itself, its neighbour and its position."""
    total = max(page.words.sum(), 1)
    position = (np.cumsum(page.words) - page.words / 2) / total
    unlinked = page.words - page.linked
    no_main, no_article = (
        ((page.places & int(place)) == 0) & bool((page.places & int(place)).any())
        for place in (Place.MAIN, Place.ARTICLE)
    )
    return {
        "share of words in links": page.linked / np.maximum(page.words, 1),
        "one word": (page.words == 1).astype(np.float64),
        "ends as a sentence": page.ends_sentence.astype(np.float64),
        "position": position,
        "in the last fifth": np.clip((position - 0.8) * 5, 0, 1),
        "in the first tenth": np.clip((0.1 - position) * 10, 0, 1),
        "words of the next block": np.log1p(np.append(unlinked[1:], 0)),
        "words of the page": np.full(len(page.words), np.log1p(total)),
        "outside main, of a page that has one": no_main.astype(np.float64),
        "outside article, of a page that has one": no_article.astype(np.float64),
    }


def _containers(page: Page) -> dict[str, Floats]:
    """Of the elements around the block: the innermost one, the one around that, and so on."""
    unlinked = page.words - page.linked
    is_paragraph = (unlinked >= _PARAGRAPH_WORDS) & ((page.places & int(BOILERPLATE)) == 0)
    in_paragraphs = np.where(is_paragraph, unlinked, 0)
    words, linked, paragraphs = (page.within(column) for column in (page.words, page.linked, in_paragraphs))
    core = int(np.flatnonzero(paragraphs >= max(_CORE_SHARE * paragraphs[0], 1)).max(initial=0))
    in_core = (page.element >= core) & (page.element < page.end[core])
    total = max(words[0], 1)
    innermost = page.element
    second = page.parent[innermost]
    third = page.parent[second]
    fourth = page.parent[third]
    alike = np.log1p(np.bincount(page.kind)[page.kind])
    in_comment = (page.places & int(Place.NAMED_COMMENT)) != 0
    beside_comments = in_paragraphs[~in_comment].sum() / max(paragraphs[0], 1)
    return {
        "in the core": in_core.astype(np.float64),
        "in the core × its share of the page": in_core * paragraphs[core] / total,
        "share of the page in paragraphs": np.full(len(page.words), paragraphs[0] / total),
        "in a comment × share of paragraphs outside comments": in_comment * beside_comments,
        "words of the second element": np.log1p(words[second]),
        "words of the third element": np.log1p(words[third]),
        "words of the fourth element": np.log1p(words[fourth]),
        "share of links in the innermost element": linked[innermost] / np.maximum(words[innermost], 1),
        "elements like the innermost": alike[innermost],
        "elements like the second": alike[second],
    }

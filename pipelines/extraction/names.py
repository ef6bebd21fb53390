"""What tags, and the class, id, role and style of elements, say about the text in them: as bits of one integer."""

import re
from enum import IntFlag
from functools import lru_cache, reduce
from operator import or_


class Place(IntFlag):
    """Where a text stands: in elements of these kinds."""

    NAV = 1 << 0
    HEADER = 1 << 1
    FOOTER = 1 << 2
    ASIDE = 1 << 3
    FORM = 1 << 4
    HIDDEN = 1 << 5
    MAIN = 1 << 6
    ARTICLE = 1 << 7
    HEADING = 1 << 8
    ITEM = 1 << 9
    PARAGRAPH = 1 << 10
    BUTTON = 1 << 11
    QUOTE = 1 << 12
    CAPTION = 1 << 13
    NAMED_NAV = 1 << 14
    NAMED_COMMENT = 1 << 15
    NAMED_FOOTER = 1 << 16
    NAMED_RELATED = 1 << 17
    NAMED_DIALOG = 1 << 18
    NAMED_POST = 1 << 19
    TABLE = 1 << 20


# What a part of a page can be, and the whole of it cannot.
OF_PARTS = (
    Place.NAV
    | Place.HEADER
    | Place.FOOTER
    | Place.ASIDE
    | Place.FORM
    | Place.HIDDEN
    | Place.NAMED_NAV
    | Place.NAMED_COMMENT
    | Place.NAMED_FOOTER
    | Place.NAMED_RELATED
    | Place.NAMED_DIALOG
    | Place.NAMED_POST
)
BOILERPLATE = Place.NAV | Place.FOOTER | Place.ASIDE | Place.HIDDEN | Place.NAMED_DIALOG | Place.NAMED_NAV

_TAGS = {
    "nav": Place.NAV,
    "menu": Place.NAV,
    "header": Place.HEADER,
    "footer": Place.FOOTER,
    "aside": Place.ASIDE,
    "form": Place.FORM,
    "main": Place.MAIN,
    "article": Place.ARTICLE,
    "table": Place.TABLE,
    "li": Place.ITEM,
    "p": Place.PARAGRAPH,
    "button": Place.BUTTON,
    "label": Place.BUTTON,
    "blockquote": Place.QUOTE,
    "figcaption": Place.CAPTION,
    "dialog": Place.NAMED_DIALOG,
    **{f"h{level}": Place.HEADING for level in range(1, 7)},
}
_TAG_PLACES = {tag: int(place) for tag, place in _TAGS.items()}
_ROLES = {
    "navigation": Place.NAV,
    "menu": Place.NAV,
    "menubar": Place.NAV,
    "banner": Place.HEADER,
    "contentinfo": Place.FOOTER,
    "complementary": Place.ASIDE,
    "main": Place.MAIN,
    "article": Place.ARTICLE,
    "search": Place.FORM,
    "button": Place.BUTTON,
    "dialog": Place.NAMED_DIALOG,
    "alertdialog": Place.NAMED_DIALOG,
}
# Parts of the names that sites give to classes and ids, by what they usually hold.
_NAMED = (
    (r"nav|menu|breadcrumb|paginat|pager|toc\b|skip", Place.NAMED_NAV),
    (r"comment|disqus|reply|respond|review", Place.NAMED_COMMENT),
    (r"foot|copyright|legal", Place.NAMED_FOOTER),
    (
        r"relat|recommend|similar|also-?like|read-?more|more-?(?:posts|stories|from)|popular|trending|latest|recent"
        r"|upsell|cross-?sell|carousel|up-?next",
        Place.NAMED_RELATED,
    ),
    (
        r"modal|pop-?up|overlay|cookie|consent|gdpr|log-?in|toast|drawer|dropdown|tooltip|offcanvas",
        Place.NAMED_DIALOG,
    ),
    (r"\bpost|message|thread|topic|answer|question", Place.NAMED_POST),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), int(place)) for pattern, place in _NAMED)
_ATTRIBUTE = re.compile(r'\s(class|id|role|style|aria-hidden|aria-modal|hidden)="([^"]*+)"')
_INVISIBLE = re.compile(r"display:\s*none|visibility:\s*hidden")
_LONGEST_NAME = 64  # characters that are looked at


def place(tag: str, attributes: str) -> tuple[int, str]:
    """What an element says about the text in it, and its class; `attributes` as HTML5 serialises them, quoted."""
    found, named = _TAG_PLACES.get(tag, 0), ""
    for attribute, value in _ATTRIBUTE.findall(attributes):
        if attribute == "class":
            named = value
        found |= _of_attribute(attribute, value)
    return found, named


@lru_cache(maxsize=1 << 12)
def _of_attribute(attribute: str, value: str) -> int:
    match attribute:
        case "class" | "id":
            return reduce(or_, (_of_name(name[:_LONGEST_NAME]) for name in value.split()), 0)
        case "role":
            return int(_ROLES.get(value, 0))
        case "style":
            return int(Place.HIDDEN) if _INVISIBLE.search(value) else 0
        case "aria-hidden":
            return int(Place.HIDDEN) if value == "true" else 0
        case "aria-modal":
            return int(Place.NAMED_DIALOG) if value == "true" else 0
        case _:
            return int(Place.HIDDEN)


@lru_cache(maxsize=1 << 14)
def _of_name(name: str) -> int:
    return reduce(or_, (place for pattern, place in _PATTERNS if pattern.search(name)), 0)

"""A page as blocks: runs of text between the edges of block-level elements, and where in the page they stand."""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.extraction.names import OF_PARTS, place

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# Elements whose content is no text of the page. Those that hold raw text are all here, so outside of them a `<` is
# markup. Quantifiers are possessive: an input that matches nothing costs no more than one that does.
_SKIPPED = "script|style|template|svg|iframe|textarea|select|object|video|audio|canvas|xmp|noembed|noframes|plaintext"
_ATTRIBUTES = r'(?:[^>"]|"[^"]*+")*+'
_EVERYTHING, _WITH_SCRIPTS = (
    re.compile(
        rf"<({skipped})\b{_ATTRIBUTES}>.*?</\1>|<!--.*?-->|<(/?)([a-z][^\s>/]*+)({_ATTRIBUTES})>|([^<]++)", re.DOTALL
    )
    for skipped in (_SKIPPED, f"{_SKIPPED}|noscript")
)
_FEW_WORDS = 50  # with fewer, a page shows its text by scripts only, and to others in noscript
VOID = frozenset(re.findall(r"\w+", "area base br col embed hr img input link meta param source track wbr"))
_INLINE = frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym b bdi bdo big br button cite code data del dfn em font i img input ins kbd label mark q s samp"
        " small span strike strong sub sup time tt u var wbr",
    )
)
_NO_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_SENTENCE_ENDS = frozenset('.!?:…"”。！？：」।؟۔')

_OPENED, _CLOSED, _TEXT = 0, 1, 2
_MOST = 0.75  # of the words of a page
_OF_PARTS = int(OF_PARTS)


@dataclass(frozen=True)
class Page:
    """A page of n blocks in m block-level elements, in document order; element 0 is the page itself.

    Attributes:
        events: what the page's markup holds, in order: (0, tag, -1) opens an element, (1, tag, -1) closes it,
            (2, text, block) is a text of that block.
        places: bits of `Place`, (n,).
        element: of each block, the innermost element, (n,).
        words, linked: words of each block, and how many of them are in links, (n,). In scripts without spaces two
            characters count as a word.
        ends_sentence: whether the block ends as a sentence does, (n,).
        parent: of each element, (m,); 0 for element 0.
        end: of each element, the number after its last descendant's, (m,).
        kind: of each element, a number that elements with the same tag and class share, (m,).
    """

    events: list[tuple[int, str, int]]
    places: Integers
    element: Integers
    words: Floats
    linked: Floats
    ends_sentence: NDArray[np.bool_]
    parent: Integers
    end: Integers
    kind: Integers

    def within(self, of_blocks: Floats) -> Floats:
        """Sums over the blocks in each element, descendants included: (n,) to (m,)."""
        own = np.bincount(self.element, weights=of_blocks, minlength=len(self.parent))
        before: Floats = np.concatenate(([0.0], np.cumsum(own)))
        return before[self.end] - before[:-1]

    def without_names_of_wholes(self, own: list[int], inline: list[int]) -> "Page":
        """The same with `places` filled in.

        A form, a sidebar or a footer that holds most of the page is none: what is said of such an element as a whole
        is left out. `own` has the places of each element, (m,), `inline` those that inline elements give, (n,).
        """
        words = self.within(self.words)
        is_whole = (words > _MOST * words[0]).tolist()
        places = [0] * len(own)
        for element, (outer, bits, whole) in enumerate(zip(self.parent.tolist(), own, is_whole, strict=True)):
            places[element] = places[outer] | (bits & ~_OF_PARTS if whole else bits)
        return replace(self, places=np.array(places, np.int64)[self.element] | np.array(inline, np.int64))


class _Reader:
    """Collects blocks and elements from markup, which opens and closes them."""

    def __init__(self) -> None:
        self.events: list[tuple[int, str, int]] = []
        self.inline: list[int] = []
        self.element: list[int] = []
        self.words: list[int] = []
        self.linked: list[int] = []
        self.last_text: list[str] = []
        self.parent, self.end, self.kind, self.own = [0], [0], [0], [0]
        self._kinds: dict[tuple[str, str], int] = {}
        self._open: list[tuple[str, int, int, bool]] = [("", 0, 0, False)]  # tag, inline places, element, in a link
        self._in_block = False

    def open(self, tag: str, attributes: str) -> None:
        """An element starts."""
        inline = tag in _INLINE
        self._in_block &= inline
        self.events.append((_OPENED, tag, -1))
        if tag in VOID:
            return
        _, places, element, linked = self._open[-1]
        own, named = place(tag, attributes)
        places |= own
        if not inline:
            self.own.append(places)
            places = 0
            self.parent.append(element)
            self.end.append(0)
            self.kind.append(self._kinds.setdefault((tag, named), len(self._kinds) + 1))
            element = len(self.parent) - 1
        self._open.append((tag, places, element, linked or tag == "a"))

    def close(self, tag: str) -> None:
        """An element ends; an end tag that closes nothing counts for nothing."""
        if self._open[-1][0] != tag or len(self._open) == 1:
            return
        _, _, element, _ = self._open.pop()
        self.events.append((_CLOSED, tag, -1))
        if tag not in _INLINE:
            self._in_block = False
            self.end[element] = len(self.parent)

    def text(self, text: str) -> None:
        """A text, which goes on with the block before it, if no element stands between them."""
        words = _word_count(text)
        if words and not self._in_block:
            _, places, element, _ = self._open[-1]
            self.inline.append(places)
            self.element.append(element)
            self.words.append(0)
            self.linked.append(0)
            self.last_text.append("")
            self._in_block = True
        block = len(self.inline) - 1 if self._in_block else -1
        self.events.append((_TEXT, text, block))
        if words:
            self.words[-1] += words
            self.last_text[-1] = text
            if self._open[-1][3]:
                self.linked[-1] += words

    def page(self) -> Page:
        """All that was collected; closes what is open."""
        while len(self._open) > 1:
            self.close(self._open[-1][0])
        self.end[0] = len(self.parent)
        page = Page(
            events=self.events,
            places=np.zeros(len(self.words), np.int64),
            element=np.array(self.element, np.int64),
            words=np.array(self.words, np.float64),
            linked=np.array(self.linked, np.float64),
            ends_sentence=np.array([text.rstrip()[-1:] in _SENTENCE_ENDS for text in self.last_text], np.bool_),
            parent=np.array(self.parent, np.int64),
            end=np.array(self.end, np.int64),
            kind=np.array(self.kind, np.int64),
        )
        return page.without_names_of_wholes(self.own, self.inline)


def read(markup: str) -> Page:
    """The blocks of a page; `markup` as an HTML5 parser serialises its body (HTML standard, 13.3).

    What is in `noscript` counts where there is hardly any other text: some forums send pages to be built by scripts,
    and the same pages in `noscript` for all who run none.
    """
    page = _read(markup, _WITH_SCRIPTS)
    return page if page.words.sum() >= _FEW_WORDS or "<noscript" not in markup else _read(markup, _EVERYTHING)


def _read(markup: str, pattern: re.Pattern[str]) -> Page:
    reader = _Reader()
    for match in pattern.finditer(markup):
        if match.lastindex == 5:
            reader.text(match[5])
        elif match.lastindex == 4:
            if match[2]:
                reader.close(match[3])
            else:
                reader.open(match[3], match[4])
    return reader.page()


def _word_count(text: str) -> int:
    words = len(text.split())
    if words == 1 and text.strip() == "&nbsp;":
        return 0
    return words if text.isascii() else words + len(_NO_SPACES.findall(text)) // 2

"""Words as spaCy's rule-based tokenizers cut them, whitespace dropped: the words every published rule counts.

A tokenizer looks at one run of non-whitespace at a time, so it is enough to split each distinct run once. One
exception is known: spaCy looks for a special case (`a.m.`, `:-)`) also across single spaces, does nothing with such
a find, but then passes over another special case that overlaps it inside the second run. The runs are joined by
newlines here, across which spaCy finds nothing, so the second special case is honoured.
"""

from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.text.interning import ChunkInterner, SplitWords

if TYPE_CHECKING:
    from spacy.tokenizer import Tokenizer

# spaCy's rules for text of any language: whatever has no rules of its own, or needs further packages to be cut into
# words (Chinese, Japanese, Korean, Thai, Vietnamese).
MULTI_LANGUAGE = "xx"

# Languages for which spaCy has rules that need nothing more installed.
_CODES = """
    af am ar az bg bn bo ca cs da de dsb el en es et eu fa fi fo fr ga gd grc gu he hi hr hsb ht hu hy id is it kmr kn
    ky la lb lg lij lt lv mk ml mr ms nb ne nl nn pl pt ro ru sa si sk sl sq sr sv ta te ti tl tn tr tt uk ur yo
"""
SPACY_LANGUAGES = frozenset(_CODES.split())
_OTHER_NAMES = {"no": "nb"}

# Bounds a worker's memory on text in many languages: about 250 MB for a million chunks.
CHUNKS_OF_ALL_LANGUAGES = 2_000_000
_INTERNERS: dict[str, ChunkInterner] = {}


def spacy_language(language: str | None) -> str:
    """The spaCy rules for a language code as lid.176 gives it; `xx` where there are none."""
    code = _OTHER_NAMES.get(language or "", language or "")
    return code if code in SPACY_LANGUAGES else MULTI_LANGUAGE


def word_splitter(language: str | None) -> ChunkInterner:
    """The process's interner of a language's words; languages that share rules share it."""
    if sum(map(len, _INTERNERS.values())) > CHUNKS_OF_ALL_LANGUAGES:
        max(_INTERNERS.values(), key=len).forget()
    code = spacy_language(language)
    if code not in _INTERNERS:
        _INTERNERS[code] = ChunkInterner.in_bulk(partial(split_chunks, language=code))
    return _INTERNERS[code]


def split_chunks(chunks: list[str], language: str) -> SplitWords:
    """spaCy's words of each chunk. A chunk may hold single spaces, but no other whitespace."""
    tokenizer = _tokenizer(spacy_language(language))
    with tokenizer.vocab.memory_zone():
        hashes = tokenizer("\n".join(chunks)).to_array("ORTH")
        distinct, tokens = np.unique(hashes, return_inverse=True)
        strings = [tokenizer.vocab.strings[string_hash] for string_hash in distinct.tolist()]
    newlines = np.array([string.count("\n") for string in strings], np.int64)
    is_word = np.array([not string.isspace() for string in strings], np.bool_)
    words = [string for string in strings if not string.isspace()]
    token_is_word = is_word[tokens]
    ids = (np.cumsum(is_word) - 1)[tokens[token_is_word]]
    chunk_of_word = np.cumsum(newlines[tokens])[token_is_word]
    return SplitWords(words, ids, np.bincount(chunk_of_word, minlength=len(chunks)))


@cache
def _tokenizer(spacy_code: str) -> "Tokenizer":
    """As `spacy.blank(code).tokenizer`, on a vocabulary that does not compute the attributes of words."""
    from spacy import util
    from spacy.tokenizer import Tokenizer
    from spacy.vocab import Vocab

    rules = util.get_lang_class(spacy_code).Defaults
    return Tokenizer(
        Vocab(),
        rules=rules.tokenizer_exceptions,
        prefix_search=util.compile_prefix_regex(rules.prefixes).search if rules.prefixes else None,
        suffix_search=util.compile_suffix_regex(rules.suffixes).search if rules.suffixes else None,
        infix_finditer=util.compile_infix_regex(rules.infixes).finditer if rules.infixes else None,
        token_match=rules.token_match,
        url_match=rules.url_match,
    )

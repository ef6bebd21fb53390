"""Words as spaCy's rule-based tokenizers split them, without whitespace: the words that all published rules count.

A tokenizer treats each chunk (run of non-whitespace) by itself, so each distinct chunk is split once, by a kernel
(`pipelines.words.splitting`). Its tables cannot decide for every chunk (one in 1,400) whether it is a URL: those are
matched by Python's `re` against spaCy's expression. Languages whose expressions cannot be compiled go to spaCy.

One difference is known. spaCy also searches for special cases (`a.m.`, `:-)`) across single spaces. It does nothing
with such a match, but skips another special case that overlaps it in the second chunk. Here the second special case
applies, as in spaCy when the chunks are on different lines.
"""

import re
from functools import cache

import numpy as np

from pipelines.kernels.arrays import Integers
from pipelines.kernels.batch import TextBatch
from pipelines.reference import uses_library
from pipelines.words import spacy_rules
from pipelines.words.interning import SplitWords, split_at_spaces
from pipelines.words.splitting import UNKNOWN, Answers, split

# spaCy's rules for any language: used for languages without rules of their own, for those that need further packages
# (Korean, Vietnamese), and between the runs of scripts without spaces (`pipelines.words.splitter`).
MULTI_LANGUAGE = "xx"

# Languages for which spaCy has rules that need nothing more installed.
_CODES = """
    af am ar az bg bn bo ca cs da de dsb el en es et eu fa fi fo fr ga gd grc gu he hi hr hsb ht hu hy id is it kmr kn
    ky la lb lg lij lt lv mk ml mr ms nb ne nl nn pl pt ro ru sa si sk sl sq sr sv ta te ti tl tn tr tt uk ur yo
"""
SPACY_LANGUAGES = frozenset(_CODES.split())
_OTHER_NAMES = {"no": "nb"}

# Languages with a lookbehind too wide for the tables: spaCy itself splits them.
SPLIT_BY_SPACY = frozenset({"lb"})

# Languages whose tables `tokenlake doctor --install` makes, in fifteen seconds. The tables of others are made at their
# first text, in half a second or more; four seconds for Malay and Indonesian, which are here because technical pages
# are sometimes identified as such.
COMMON_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "cs", "id", "ms", MULTI_LANGUAGE)


def spacy_language(language: str | None) -> str:
    """The spaCy rules for a language code as lid.176 gives it; `xx` where there are none."""
    code = _OTHER_NAMES.get(language or "", language or "")
    return code if code in SPACY_LANGUAGES else MULTI_LANGUAGE


def split_texts(texts: TextBatch, language: str) -> SplitWords:
    """spaCy's words of each text, whatever whitespace it holds."""
    chunks = split_at_spaces(texts)
    found = split_chunks(chunks.words, language)
    through = np.concatenate([np.zeros(1, np.int64), np.cumsum(found.counts)])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(chunks.counts)])
    return SplitWords(found.words, np.diff(through[offsets]))


def split_chunks(chunks: TextBatch, language: str) -> SplitWords:
    """spaCy's words of each chunk; chunks hold no whitespace, and none is empty."""
    code = spacy_language(language)
    rules = None if code in SPLIT_BY_SPACY or uses_library("spacy") else _rules(code)
    ends, counts = _split_by_spacy(chunks, code) if rules is None else _split_by_tables(chunks, rules)
    begins = np.concatenate([ends[:1], ends[:-1]])  # words cover their chunk without gaps
    begins[np.cumsum(counts) - counts] = chunks.begins
    return SplitWords(TextBatch(chunks.data, begins, ends), counts)


@cache
def _rules(code: str) -> spacy_rules.LanguageRules | None:
    return spacy_rules.rules(code)


def _split_by_tables(chunks: TextBatch, rules: spacy_rules.LanguageRules) -> tuple[Integers, Integers]:
    """Ends of the words (W,), byte positions, and words of each chunk (C,)."""
    nothing = np.full(len(chunks), UNKNOWN, np.int8)
    ends, counts, asked = split(chunks.data, chunks.begins, chunks.ends, rules.tables, nothing)
    if not asked.size:
        return ends, counts
    left = counts < 0
    theirs = chunks.take(np.flatnonzero(left))
    answers = _are_urls(TextBatch(chunks.data, *asked), rules.url)
    their_ends, counts[left], _ = split(theirs.data, theirs.begins, theirs.ends, rules.tables, answers)
    is_theirs = np.repeat(left, counts)
    all_ends = np.empty(len(is_theirs), np.int64)
    all_ends[is_theirs], all_ends[~is_theirs] = their_ends, ends
    return all_ends, counts


def _are_urls(slices: TextBatch, url: spacy_rules.Expression) -> Answers:
    """NOT_URL or IS_URL for each slice."""
    match = _compiled(url).match
    return np.array([match(text) is not None for text in slices.strings()], np.int8)


@cache
def _compiled(expression: spacy_rules.Expression) -> re.Pattern[str]:
    """Cached, because nearly all languages have the same expression."""
    return re.compile(expression.pattern, expression.flags)


def _split_by_spacy(chunks: TextBatch, code: str) -> tuple[Integers, Integers]:
    """Ends of the words (W,), byte positions, and words of each chunk (C,), as spaCy finds them."""
    tokenizer = spacy_rules.tokenizer(code)
    with tokenizer.vocab.memory_zone():
        hashes = tokenizer("\n".join(chunks.strings())).to_array("ORTH")
        distinct, tokens = np.unique(hashes, return_inverse=True)
        strings = [tokenizer.vocab.strings[string_hash] for string_hash in distinct.tolist()]
    sizes = np.array([0 if string == "\n" else len(string.encode()) for string in strings], np.int64)[tokens]
    is_word = sizes > 0
    chunk_of_word = np.cumsum(~is_word)[is_word]
    counts = np.bincount(chunk_of_word, minlength=len(chunks))
    through = np.cumsum(sizes[is_word])
    lengths = chunks.ends - chunks.begins
    return through + np.repeat(chunks.begins - (np.cumsum(lengths) - lengths), counts), counts

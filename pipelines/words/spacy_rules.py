"""A language's word rules, read from spaCy once and stored as tables.

The tables are stored beside numba's compiled kernels, so that later processes neither compile expressions nor import
spaCy.
"""

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from pipelines.kernels.batch import TextBatch
from pipelines.kernels.byte_strings import ByteStrings
from pipelines.words.automata import Alphabet, automata
from pipelines.words.expressions import Fork, Match, Program, divided, program
from pipelines.words.special_cases import SpecialCases
from pipelines.words.splitting import Rules
from pipelines.words.symbols import UnsupportedExpression

if TYPE_CHECKING:
    from spacy.tokenizer import Tokenizer

# The URL expression allows labels of 63 characters: no text shorter than that can exceed one of its bounds.
_SHORT = 62

# The modules that determine the tables' content and meaning; a change of one makes new tables.
_MAKERS = (
    "kernels.byte_strings",
    "words.symbols",
    "words.expressions",
    "words.automata",
    "words.spacy_rules",
    "words.special_cases",
    "words.splitting",
)


class Expression(NamedTuple):
    """The source of a regular expression."""

    pattern: str
    flags: int


class LanguageRules(NamedTuple):
    """A language's tables, and its URL expression, which the tables decide only in part."""

    tables: Rules
    url: Expression


def rules(code: str) -> LanguageRules | None:
    """The rules of a spaCy language as tables; None when one of its expressions cannot be compiled."""
    place = _place(code)
    try:
        with np.load(place) as stored:
            return _unflatten(LanguageRules, iter(stored.values()))
    except (OSError, ValueError, BadZipFile):
        pass  # not made yet, or damaged
    try:
        made = _compile(code)
    except UnsupportedExpression:
        return None
    _store(place, made)
    return made


@cache
def tokenizer(code: str, with_special_cases: bool = True) -> "Tokenizer":
    """As `spacy.blank(code).tokenizer`, on a vocabulary that does not compute the attributes of words."""
    from spacy import util
    from spacy.tokenizer import Tokenizer
    from spacy.vocab import Vocab

    rules = util.get_lang_class(code).Defaults
    return Tokenizer(
        Vocab(),
        rules=rules.tokenizer_exceptions if with_special_cases else None,
        prefix_search=util.compile_prefix_regex(rules.prefixes).search if rules.prefixes else None,
        suffix_search=util.compile_suffix_regex(rules.suffixes).search if rules.suffixes else None,
        infix_finditer=util.compile_infix_regex(rules.infixes).finditer if rules.infixes else None,
        token_match=rules.token_match,
        url_match=rules.url_match,
    )


def _compile(code: str) -> LanguageRules:
    source = tokenizer(code)
    affixes = [_program(source.prefix_search), _program(source.suffix_search), _program(source.infix_finditer)]
    urls = [_program(source.url_match, assumed, _SHORT) for assumed in (True, False)]
    tokens = divided(_program(source.token_match)) if source.token_match else []
    programs = [*affixes, *urls, *tokens]
    alphabet = Alphabet(programs)
    tables = Rules(
        alphabet.classes,
        automata([(program, number < len(affixes)) for number, program in enumerate(programs)], alphabet),
        _SHORT,
        _special_cases(source),
        _word_cases(source, tokenizer(code, with_special_cases=False)),
    )
    url = _pattern(source.url_match) if source.url_match else re.compile("(?!)")
    return LanguageRules(tables, Expression(url.pattern, url.flags))


def _program(method: Callable[[str], object] | None, assumed: bool | None = None, short: int | None = None) -> Program:
    """The program of a compiled expression's `search`, `match` or `finditer`; None never matches."""
    return Program([Match(0), Fork([])], 1) if method is None else program(_pattern(method), assumed, short)


def _pattern(method: Callable[[str], object]) -> re.Pattern[str]:
    pattern = getattr(method, "__self__", None)
    if not isinstance(pattern, re.Pattern):
        raise UnsupportedExpression(f"{method} is not a method of a compiled expression")
    return pattern


def _special_cases(source: "Tokenizer") -> SpecialCases:
    """The special cases without whitespace, because chunks have none."""
    return _table({text: _orths(tokens) for text, tokens in source.rules.items() if text.split() == [text]})


def _word_cases(source: "Tokenizer", plain: "Tokenizer") -> SpecialCases:
    """The special cases that spaCy's other rules would split, with the words that those rules make of them."""
    found: dict[str, list[str]] = {}
    for text, tokens in source.rules.items():
        if source.find_prefix(text) or source.find_infix(text) or source.find_suffix(text) or " " in text:
            words = [token.text for token in plain(text) if not token.text.isspace()]
            if len(words) > 1 or words != _orths(tokens):  # a single unchanged word needs no second search
                found["".join(words)] = words
    return _table(found)


def _table(cases: dict[str, list[str]]) -> SpecialCases:
    batch = TextBatch.from_strings(list(cases))
    table = ByteStrings()
    table.ids(batch.data, batch.begins, batch.ends)
    cuts = [np.cumsum([len(word.encode()) for word in words]) for words in cases.values()]
    offsets = np.cumsum([0, *map(len, cuts)])
    longest = int(np.max(batch.ends - batch.begins, initial=0))
    return SpecialCases(table.table, offsets, np.concatenate([np.empty(0, np.int64), *cuts]), longest)


def _orths(tokens: Iterable[dict[Any, str]]) -> list[str]:
    from spacy.symbols import ORTH

    return [token[ORTH] for token in tokens]


def _place(code: str) -> Path:
    """File of a language's tables: another version of spaCy, Python or this compiler has another file."""
    folder = os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).parent / "__pycache__"
    return Path(folder) / f"words-{code}-{_state()}.npz"


@cache
def _state() -> str:
    state = hashlib.sha256(f"{version('spacy')} {sys.version}".encode())
    for name in _MAKERS:
        state.update(Path(str(import_module(f"pipelines.{name}").__file__)).read_bytes())
    return state.hexdigest()[:16]


def _store(place: Path, made: LanguageRules) -> None:
    """Best effort: where nothing can be written, every process compiles the tables itself."""
    unfinished = place.with_suffix(f".{os.getpid()}.npz")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            np.savez_compressed(file, *_flatten(made))
        unfinished.replace(place)
    except OSError:
        unfinished.unlink(missing_ok=True)


def _flatten(value: Any) -> list[npt.NDArray]:
    return [array for item in value for array in _flatten(item)] if isinstance(value, tuple) else [np.asarray(value)]


def _unflatten(kind: Any, arrays: Any) -> Any:
    """The named tuple whose fields, depth first, are the arrays."""
    if hasattr(kind, "_fields"):
        return kind(*(_unflatten(kind.__annotations__[name], arrays) for name in kind._fields))
    array = next(arrays)
    return array.item() if kind in (int, str) else array

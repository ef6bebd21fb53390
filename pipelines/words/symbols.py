"""Sets of characters in Python's regular expressions."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from re import _compiler, _parser  # type: ignore[attr-defined]
from typing import Any

from pipelines.errors import TokenlakeError

Ranges = tuple[tuple[int, int], ...]  # of code points, both ends included

_LAST = 0x10FFFF


class UnsupportedExpression(TokenlakeError, ValueError):
    """The expression uses a construct that cannot be compiled."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """A set of code points; with `negated` all other symbols, the text's edge included."""

    ranges: Ranges
    negated: bool = False

    def __invert__(self) -> "Symbols":
        return Symbols(self.ranges, not self.negated)


EDGE = Symbols(((_LAST + 1, _LAST + 1),))  # the symbol before the first and after the last character
SymbolSequence = tuple[Symbols, ...]


def symbols_of(operation: str, argument: Any) -> Symbols:
    """The set of an item of a parsed expression: `LITERAL`, `NOT_LITERAL`, `IN` or `ANY`."""
    match operation:
        case "LITERAL":
            return Symbols(((argument, argument),))
        case "NOT_LITERAL":
            return Symbols(_complement(((argument, argument),)))
        case "ANY":
            return Symbols(_complement(((10, 10),)))
    ranges: list[tuple[int, int]] = []
    negated = False
    for kind, value in argument:
        match str(kind):
            case "NEGATE":
                negated = True
            case "LITERAL":
                ranges.append((value, value))
            case "RANGE":
                ranges.append(value)
            case "CATEGORY":
                ranges.extend(_category(str(value)))
            case unknown:
                raise UnsupportedExpression(unknown)
    merged = _merged(ranges)
    return Symbols(_complement(merged) if negated else merged)


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def _complement(ranges: Ranges) -> Ranges:
    bounds = [-1, *(bound for low, high in ranges for bound in (low - 1, high)), _LAST]
    return tuple((low + 1, high) for low, high in zip(bounds[::2], bounds[1::2], strict=True) if low < high)


_CATEGORIES = {"CATEGORY_DIGIT": r"\d+", "CATEGORY_SPACE": r"\s+", "CATEGORY_WORD": r"\w+"}
_CATEGORIES |= {name.replace("_", "_NOT_"): text.upper() for name, text in _CATEGORIES.items()}


def by_first_symbol(sequences: Collection[SymbolSequence]) -> list[tuple[Symbols, frozenset[SymbolSequence]]]:
    """The first symbols of some sequences as disjoint sets, each with the rests of the sequences that it begins."""
    inner = [sequence for sequence in sequences if sequence[0] != EDGE]
    bounds = sorted({bound for first, *_ in inner for low, high in first.ranges for bound in (low, high + 1)})
    pieces: dict[frozenset[SymbolSequence], list[tuple[int, int]]] = {}
    for low, beyond in pairwise(bounds):
        follow = frozenset(tuple(rest) for first, *rest in inner if _holds(first, low))
        pieces.setdefault(follow, []).append((low, beyond - 1))
    parts = [(Symbols(_merged(ranges)), follow) for follow, ranges in pieces.items() if follow]
    at_edge = frozenset(tuple(rest) for first, *rest in sequences if first == EDGE)
    return [*parts, (EDGE, at_edge)] if at_edge else parts


def _holds(symbols: Symbols, code_point: int) -> bool:
    return any(low <= code_point <= high for low, high in symbols.ranges)


@cache
def _category(name: str) -> Ranges:
    r"""`\d`, `\s`, `\w` and their opposites, by matching `re` against all characters."""
    if name not in _CATEGORIES:
        raise UnsupportedExpression(name)
    found = re.finditer(_CATEGORIES[name], "".join(map(chr, range(_LAST + 1))))
    return tuple((match.start(), match.end() - 1) for match in found)


@cache
def either_case(symbols: Symbols) -> Symbols:
    """The set under the flag `i`, by matching `re` against every character with another case."""
    items = [(_parser.RANGE, bounds) for bounds in symbols.ranges]
    tree = _parser.SubPattern(_parser.State(), [(_parser.IN, items)])
    matches = _compiler.compile(tree, re.IGNORECASE | re.UNICODE).match
    return Symbols(_merged([*symbols.ranges, *((ord(c), ord(c)) for c in _cased() if matches(c))]))


@cache
def _cased() -> str:
    return "".join(c for c in map(chr, range(_LAST + 1)) if c.lower() != c or c.upper() != c)

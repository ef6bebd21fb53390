"""Python's regular expressions as programs that `pipelines.text.automata` turns into tables.

An expression is read by the standard library's own parser, so that it means here what it means there. A program is a
list of nodes; the order of a fork's branches is the order in which `re` tries them. Characters are sets of code
points; text has no line breaks, so `$` is the end. Each expression is a Thompson automaton (Thompson 1968) with
assertions about the symbols before and behind.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from re import _compiler, _parser  # type: ignore[attr-defined]
from typing import Any

Ranges = tuple[tuple[int, int], ...]  # of code points, both ends included

_LAST = 0x10FFFF


class UnsupportedExpression(ValueError):
    """The expression uses something that these programs have no node for."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """A set of code points, or with `negated` all symbols but them: the text's edge is among those."""

    ranges: Ranges
    negated: bool = False

    def __invert__(self) -> "Symbols":
        return Symbols(self.ranges, not self.negated)


EDGE = Symbols(((_LAST + 1, _LAST + 1),))  # what stands before the first and behind the last character


@dataclass(frozen=True, slots=True)
class Read:
    """One character."""

    symbols: Symbols
    next: int


@dataclass(slots=True)
class Fork:
    """Several ways on, tried in order."""

    branches: list[int]


@dataclass(frozen=True, slots=True)
class Before:
    """The last symbols read are in these sets, or are not."""

    symbols: tuple[tuple[Symbols, ...], ...]  # alternatives; each the last one or two symbols, in order
    negated: bool
    next: int


@dataclass(frozen=True, slots=True)
class Behind:
    """The next symbol is in this set."""

    symbols: Symbols
    next: int


Node = Read | Fork | Before | Behind


@dataclass(slots=True)
class Program:
    """Node 0 is the match; `start` is where matching begins."""

    nodes: list[Node] = field(default_factory=lambda: [Fork([])])
    start: int = 0

    def sets(self) -> set[Symbols]:
        """Every set of symbols that the program tells apart."""
        found = {node.symbols for node in self.nodes if isinstance(node, Read | Behind)}
        befores = [node.symbols for node in self.nodes if isinstance(node, Before)]
        return found | {symbols for before in befores for sequence in before for symbols in sequence}


MATCH = 0


def program(pattern: re.Pattern[str], wide_assertions: bool | None = None, short: int | None = None) -> Program:
    """The program of an expression.

    Args:
        pattern: compiled by `re`.
        wide_assertions: what to take assertions about more than the next character for; None refuses them.
        short: the texts that will be matched are at most so long: counts from there on are no bound.

    Raises:
        UnsupportedExpression: a construct that is not known here: groups that are referred to, flags but `i` and `u`,
            lookbehind over more than two characters, and the like.
    """
    return _Reader(pattern, wide_assertions, short).program


def divided(source: Program) -> list[Program]:
    """Programs that together match, from the beginning of a text, what the program matches.

    Alternatives that begin with any number of characters go apart from the others: in one table each state of the ones
    would be paired with each state of the others.
    """
    branches = _alternatives(source, source.start)
    kinds: dict[bool, list[int]] = {}
    for branch in branches:
        kinds.setdefault(_begins_with_loop(source, branch), []).append(branch)
    return [Program([*source.nodes, Fork(group)], len(source.nodes)) for group in kinds.values()]


def _alternatives(source: Program, number: int) -> list[int]:
    node = source.nodes[number]
    if isinstance(node, Before) and node.symbols == ((EDGE,),) and not node.negated:  # `^` holds there
        return _alternatives(source, node.next)
    if not isinstance(node, Fork) or number == MATCH:
        return [number]
    return [found for branch in node.branches for found in _alternatives(source, branch)]


def _begins_with_loop(source: Program, number: int) -> bool:
    """Whether the first character read may be read again at once by the same node."""
    node = source.nodes[number]
    while isinstance(node, Before | Behind):
        node = source.nodes[node.next]
    if not isinstance(node, Read):
        return False
    again = source.nodes[node.next]
    return isinstance(again, Fork) and any(
        isinstance(after := source.nodes[branch], Read) and after.symbols == node.symbols for branch in again.branches
    )


class _Reader:
    """Walks the tree of the standard library's parser from its end to its beginning."""

    def __init__(self, pattern: re.Pattern[str], wide_assertions: bool | None, short: int | None) -> None:
        tree = _parser.parse(pattern.pattern, pattern.flags)
        if tree.state.flags & ~(re.UNICODE | re.IGNORECASE):
            raise UnsupportedExpression(f"flags {re.RegexFlag(tree.state.flags)!r}")
        self._ignore_case = bool(tree.state.flags & re.IGNORECASE)
        self._wide, self._short = wide_assertions, short
        self.program = Program()
        self.program.start = self._sequence(tree, MATCH)

    def _add(self, node: Node) -> int:
        self.program.nodes.append(node)
        return len(self.program.nodes) - 1

    def _sequence(self, items: Iterable[Any], after: int) -> int:
        for operation, argument in reversed(list(items)):
            after = self._item(str(operation), argument, after)
        return after

    def _item(self, operation: str, argument: Any, after: int) -> int:
        match operation, argument:
            case (("LITERAL" | "NOT_LITERAL" | "IN" | "ANY"), _):
                return self._add(Read(self._set(operation, argument), after))
            case "BRANCH", (_, branches):
                return self._add(Fork([self._sequence(branch, after) for branch in branches]))
            case "SUBPATTERN", (_, 0, 0, inner):
                return self._sequence(inner, after)
            case (("MAX_REPEAT" | "MIN_REPEAT"), (least, most, inner)):
                return self._repeat(least, most, inner, after, operation == "MAX_REPEAT")
            case "AT", place:
                return self._edge(str(place), after)
            case (("ASSERT" | "ASSERT_NOT"), (direction, inner)):
                read = self._behind if direction > 0 else self._before
                return read(inner, operation == "ASSERT_NOT", after)
        raise UnsupportedExpression(operation)

    def _repeat(self, least: int, most: int, inner: Any, after: int, greedy: bool) -> int:
        endless = most is _parser.MAXREPEAT or (self._short is not None and most >= self._short)
        entry = after
        if endless:
            if inner.getwidth()[0] == 0:
                raise UnsupportedExpression("a repeat of what may be empty")
            loop = Fork([])
            entry = self._add(loop)
            again = self._sequence(inner, entry)
            loop.branches = [again, after] if greedy else [after, again]
        else:
            for _ in range(int(most) - least):
                again = self._sequence(inner, entry)
                entry = self._add(Fork([again, after] if greedy else [after, again]))
        for _ in range(least):
            entry = self._sequence(inner, entry)
        return entry

    def _edge(self, place: str, after: int) -> int:
        if place in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
            return self._add(Before(((EDGE,),), False, after))
        if place in ("AT_END", "AT_END_STRING"):
            return self._add(Behind(EDGE, after))
        raise UnsupportedExpression(place)

    def _behind(self, inner: Any, negated: bool, after: int) -> int:
        sequences = self._fixed(inner)
        if sequences is None or any(len(sequence) != 1 for sequence in sequences):
            if self._wide is None:
                raise UnsupportedExpression("an assertion about more than the next character")
            return after if self._wide else self._add(Fork([]))
        branches = [sequence[0] for sequence in sequences]
        if negated:  # of all sets at once
            for symbols in branches:
                after = self._add(Behind(~symbols, after))
            return after
        return self._add(Fork([self._add(Behind(symbols, after)) for symbols in branches]))

    def _before(self, inner: Any, negated: bool, after: int) -> int:
        sequences = self._fixed(inner)
        if sequences is None or any(not 1 <= len(sequence) <= 2 for sequence in sequences):
            raise UnsupportedExpression("an assertion about more than the last two characters")
        return self._add(Before(tuple(sequences), negated, after))

    def _fixed(self, items: Any) -> list[tuple[Symbols, ...]] | None:
        """The sequences of symbols that an assertion is about; None when it is about more than that."""
        sequences: list[tuple[Symbols, ...]] = [()]
        for operation, argument in items:
            match str(operation), argument:
                case ("LITERAL" | "NOT_LITERAL" | "IN" | "ANY") as name, _:
                    ways: list[tuple[Symbols, ...]] | None = [(self._set(name, argument),)]
                case "AT", place if str(place) in ("AT_END", "AT_END_STRING"):
                    ways = [(EDGE,)]
                case "SUBPATTERN", (_, 0, 0, inner):
                    ways = self._fixed(inner)
                case "BRANCH", (_, branches):
                    found = [self._fixed(branch) for branch in branches]
                    ways = None if None in found else [way for branch in found for way in branch or []]
                case _:
                    ways = None
            if ways is None:
                return None
            sequences = [sequence + way for sequence in sequences for way in ways]
        return sequences

    def _set(self, operation: str, argument: Any) -> Symbols:
        symbols = _symbols(operation, argument)
        return _either_case(symbols) if self._ignore_case else symbols


def _symbols(operation: str, argument: Any) -> Symbols:
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


@cache
def _category(name: str) -> Ranges:
    r"""`\d`, `\s`, `\w` and their opposites, as `re` itself finds them among all characters."""
    if name not in _CATEGORIES:
        raise UnsupportedExpression(name)
    found = re.finditer(_CATEGORIES[name], "".join(map(chr, range(_LAST + 1))))
    return tuple((match.start(), match.end() - 1) for match in found)


@cache
def _either_case(symbols: Symbols) -> Symbols:
    """The set under the flag `i`, as `re` itself matches every character that has another case."""
    items = [(_parser.RANGE, bounds) for bounds in symbols.ranges]
    tree = _parser.SubPattern(_parser.State(), [(_parser.IN, items)])
    matches = _compiler.compile(tree, re.IGNORECASE | re.UNICODE).match
    return Symbols(_merged([*symbols.ranges, *((ord(c), ord(c)) for c in _cased() if matches(c))]))


@cache
def _cased() -> str:
    return "".join(c for c in map(chr, range(_LAST + 1)) if c.lower() != c or c.upper() != c)

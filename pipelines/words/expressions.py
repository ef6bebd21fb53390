"""Python's regular expressions as programs that `pipelines.words.automata` turns into tables.

The standard library's own parser reads an expression, so it has the same meaning as in `re`. A program is a list of
nodes, a Thompson automaton (Thompson 1968) with assertions about the symbols before and after a position; the
branches of a fork are in the order in which `re` tries them. Texts have no line breaks, so `$` is their end.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from re import _parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

from pipelines.words.symbols import (
    EDGE,
    Symbols,
    SymbolSequence,
    UnsupportedExpression,
    by_first_symbol,
    either_case,
    symbols_of,
)


@dataclass(frozen=True, slots=True)
class Read:
    """One character."""

    symbols: Symbols
    next: int


@dataclass(frozen=True, slots=True)
class Ahead(Read):
    """Reads one symbol after the end of the match, for a lookahead."""


@dataclass(frozen=True, slots=True)
class Match:
    """A match that ended `back` symbols ago."""

    back: int


@dataclass(slots=True)
class Fork:
    """Alternatives, tried in order."""

    branches: list[int]


@dataclass(frozen=True, slots=True)
class Before:
    """The last symbols read are in these sets, or are not."""

    symbols: tuple[SymbolSequence, ...]  # alternatives; each the last one or two symbols, in order
    negated: bool
    next: int


@dataclass(frozen=True, slots=True)
class Behind:
    """The next symbol is in this set."""

    symbols: Symbols
    next: int


Node: TypeAlias = Read | Fork | Before | Behind | Match


@dataclass(slots=True)
class Program:
    """Node 0 is the match that ends where it is reached; `start` is where matching begins."""

    nodes: list[Node] = field(default_factory=lambda: [Match(0)])
    start: int = 0

    def sets(self) -> set[Symbols]:
        """Every set of symbols that the program uses."""
        found = {node.symbols for node in self.nodes if isinstance(node, Read | Behind)}
        befores = [node.symbols for node in self.nodes if isinstance(node, Before)]
        return found | {symbols for before in befores for sequence in before for symbols in sequence}


MATCH = 0

_BEGINNINGS = ("AT_BEGINNING", "AT_BEGINNING_STRING")
_ENDS = ("AT_END", "AT_END_STRING")


def program(pattern: re.Pattern[str], wide_assertions: bool | None = None, short: int | None = None) -> Program:
    """The program of an expression.

    Args:
        pattern: compiled by `re`.
        wide_assertions: the result to assume for lookaheads over more than one character; None compiles them.
        short: maximal length of the texts to match: larger repeat counts are treated as unbounded.

    Raises:
        UnsupportedExpression: a construct that is not supported: referenced groups, flags other than `i` and `u`,
            lookahead over several characters other than at the end, lookbehind over more than two characters, and
            others.
    """
    return _Reader(pattern, wide_assertions, short).program


def divided(source: Program) -> list[Program]:
    """Programs that together match, at the beginning of a text, what the program matches.

    Alternatives that begin with a loop are separated from the others: in one table, the states of both would multiply.
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
    if not isinstance(node, Fork):
        return [number]
    return [found for branch in node.branches for found in _alternatives(source, branch)]


def _begins_with_loop(source: Program, number: int) -> bool:
    """Whether the first node that reads a character is a loop."""
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
    """Builds a program from the parser's tree, from its end to its beginning."""

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
                raise UnsupportedExpression("a repeated group that may be empty")
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
        if place in _BEGINNINGS:
            return self._add(Before(((EDGE,),), False, after))
        if place in _ENDS:
            return self._add(Behind(EDGE, after))
        raise UnsupportedExpression(place)

    def _behind(self, inner: Any, negated: bool, after: int) -> int:
        sequences = self._fixed(inner, _ENDS)
        wide = sequences is None or any(len(sequence) != 1 for sequence in sequences)
        if wide and self._wide is not None:
            return after if self._wide else self._add(Fork([]))
        if sequences is None or any(EDGE in sequence[:-1] for sequence in sequences):
            raise UnsupportedExpression("a lookahead over any number of characters")
        if wide:
            return self._moved(after, self._ahead(frozenset(sequences), negated, 0))
        branches = [sequence[0] for sequence in sequences]
        if negated:  # none of the sets may follow
            return self._unless(branches, after)
        return self._add(Fork([self._add(Behind(symbols, after)) for symbols in branches]))

    def _unless(self, sets: Iterable[Symbols], after: int) -> int:
        for symbols in sets:
            after = self._add(Behind(~symbols, after))
        return after

    def _ahead(self, sequences: frozenset[SymbolSequence], negated: bool, back: int) -> int:
        """A match that ended `back` symbols ago where one of the sequences follows, or where none does."""
        if () in sequences:
            return self._add(Fork([]) if negated else Match(back))
        parts = by_first_symbol(sequences)
        branches = [self._add(Ahead(first, self._ahead(rest, negated, back + 1))) for first, rest in parts]
        if negated:
            branches.append(self._unless((first for first, _ in parts), self._add(Match(back))))
        return self._add(Fork(branches))

    def _moved(self, number: int, end: int) -> int:
        """A copy of the nodes between an assertion and the end of the match (none of them reads), with another end."""
        match self.program.nodes[number]:
            case Match(0):
                return end
            case (Behind() | Before()) as node:
                return self._add(replace(node, next=self._moved(node.next, end)))
            case Fork([_, *_] as branches):
                return self._add(Fork([self._moved(branch, end) for branch in branches]))
        raise UnsupportedExpression("a lookahead over several characters before the end of the expression")

    def _before(self, inner: Any, negated: bool, after: int) -> int:
        sequences = self._fixed(inner, _BEGINNINGS)
        if sequences is None or any(not 1 <= len(sequence) <= 2 or EDGE in sequence[1:] for sequence in sequences):
            raise UnsupportedExpression("a lookbehind over more than two characters")
        return self._add(Before(tuple(sequences), negated, after))

    def _fixed(self, items: Any, edges: tuple[str, str]) -> list[SymbolSequence] | None:
        """The sequences of symbols that an assertion accepts; None when they have no fixed length."""
        sequences: list[SymbolSequence] = [()]
        for operation, argument in items:
            match str(operation), argument:
                case ("LITERAL" | "NOT_LITERAL" | "IN" | "ANY") as name, _:
                    ways: list[SymbolSequence] | None = [(self._set(name, argument),)]
                case "AT", place if str(place) in edges:
                    ways = [(EDGE,)]
                case "SUBPATTERN", (_, 0, 0, inner):
                    ways = self._fixed(inner, edges)
                case "BRANCH", (_, branches):
                    found = [self._fixed(branch, edges) for branch in branches]
                    ways = None if None in found else [way for branch in found for way in branch or []]
                case _:
                    ways = None
            if ways is None:
                return None
            sequences = [sequence + way for sequence in sequences for way in ways]
        return sequences

    def _set(self, operation: str, argument: Any) -> Symbols:
        symbols = symbols_of(operation, argument)
        return either_case(symbols) if self._ignore_case else symbols

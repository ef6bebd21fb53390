"""Python's regular expressions as programs that `pipelines.words.automata` turns into tables.

An expression is read by the standard library's own parser, so that it means here what it means there. A program is a
list of nodes; the order of a fork's branches is the order in which `re` tries them. Characters are sets of code
points; text has no line breaks, so `$` is the end. Each expression is a Thompson automaton (Thompson 1968) with
assertions about the symbols before and behind.
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
    """One symbol behind the end of the match."""


@dataclass(frozen=True, slots=True)
class Match:
    """A match that ended so many symbols back."""

    back: int


@dataclass(slots=True)
class Fork:
    """Several ways on, tried in order."""

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
        """Every set of symbols that the program tells apart."""
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
        wide_assertions: what to take assertions about more than the next character for; None reads them.
        short: the texts that will be matched are at most so long: counts from there on are no bound.

    Raises:
        UnsupportedExpression: a construct that is not known here: groups that are referred to, flags but `i` and `u`,
            an assertion about more than the next character anywhere but at the end, lookbehind over more than two
            characters, and the like.
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
    if not isinstance(node, Fork):
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
            raise UnsupportedExpression("an assertion about any number of characters")
        if wide:
            return self._moved(after, self._ahead(frozenset(sequences), negated, 0))
        branches = [sequence[0] for sequence in sequences]
        if negated:  # of all sets at once
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
        """What stands between an assertion and the end of the match, with another end: it too reads nothing."""
        match self.program.nodes[number]:
            case Match(0):
                return end
            case (Behind() | Before()) as node:
                return self._add(replace(node, next=self._moved(node.next, end)))
            case Fork([_, *_] as branches):
                return self._add(Fork([self._moved(branch, end) for branch in branches]))
        raise UnsupportedExpression("an assertion about more than the next character before the end")

    def _before(self, inner: Any, negated: bool, after: int) -> int:
        sequences = self._fixed(inner, _BEGINNINGS)
        if sequences is None or any(not 1 <= len(sequence) <= 2 or EDGE in sequence[1:] for sequence in sequences):
            raise UnsupportedExpression("an assertion about more than the last two characters")
        return self._add(Before(tuple(sequences), negated, after))

    def _fixed(self, items: Any, edges: tuple[str, str]) -> list[SymbolSequence] | None:
        """The sequences of symbols that an assertion is about; None when it is about more than that."""
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

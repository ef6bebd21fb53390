"""Programs of `pipelines.words.expressions` as tables: one look-up per character instead of backtracking.

States are lists of threads in the order in which `re` would try them (leftmost-first semantics, as in Cox 2010,
"Regular Expression Matching in the Wild"): a thread that matches removes those after it, while those before it may
still find the match that `re` prefers. A lookahead over one symbol restricts what its thread may read next; a longer
one reads symbols after the match, so a match may be known some symbols late. A lookbehind is decided where a thread
reaches it, which at the beginning of a match takes a table over the last two symbols.

Shapes: K classes of characters (class K is the text's edge), S states.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from pipelines.kernels.utf8 import CODE_POINTS
from pipelines.words.expressions import (
    Ahead,
    Before,
    Behind,
    Fork,
    Match,
    Program,
    Read,
)
from pipelines.words.symbols import EDGE, Symbols, UnsupportedExpression

DEAD = 0  # the state without threads
NO_MATCH, ENDS_HERE = 0, 1  # whether a state is a match; ENDS_HERE + n: the match ended n symbols ago

_Thread: TypeAlias = tuple[int, int]  # node, bit set of the symbols that it may read next
_State: TypeAlias = tuple[int, tuple[_Thread, ...]]  # NO_MATCH or where the match ended, and the threads


class Automata(NamedTuple):
    """Tables of A automata over one alphabet, which `pipelines.words.matching` runs."""

    transitions: npt.NDArray[np.int32]  # (S, K + 1)
    ends: npt.NDArray[np.uint8]  # (S,) NO_MATCH, ENDS_HERE or more
    starts: npt.NDArray[np.int32]  # (A, 2, K + 1, K + 1) by: not empty; the last symbol but one; the last symbol


class Alphabet:
    """The coarsest classes of characters that every set of some programs is a union of."""

    def __init__(self, programs: Iterable[Program]) -> None:
        self._sets = sorted({symbols.ranges for program in programs for symbols in program.sets()} - {EDGE.ranges})
        edges = {0} | {bound for ranges in self._sets for low, high in ranges for bound in (low, high + 1)}
        pieces = np.array(sorted(edges - {CODE_POINTS}), np.int64)
        inside = np.zeros((len(self._sets), len(pieces)), np.bool_)
        for row, ranges in zip(inside, self._sets, strict=True):
            for low, high in ranges:
                row[np.searchsorted(pieces, low) : np.searchsorted(pieces, high + 1)] = True
        packed = np.packbits(inside, axis=0) if self._sets else np.zeros((1, 1), np.uint8)
        _, first, class_of_piece = np.unique(packed, axis=1, return_index=True, return_inverse=True)
        self.size = len(first)
        self.classes = np.repeat(class_of_piece.ravel(), np.diff(pieces, append=CODE_POINTS)).astype(np.uint16)
        members = inside[:, first]
        self._bits = {ranges: _bits(row) for ranges, row in zip(self._sets, members, strict=True)}
        self._bits[EDGE.ranges] = 1 << self.size
        self.everything = (2 << self.size) - 1

    def bits(self, symbols: Symbols) -> int:
        """The classes of a set as a bit set; bit K is the edge."""
        inside = self._bits[symbols.ranges]
        return self.everything & ~inside if symbols.negated else inside


def _bits(truths: npt.NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(truths, bitorder="little").tobytes(), "little")


def automata(programs: Sequence[tuple[Program, bool]], alphabet: Alphabet) -> Automata:
    """Compiles programs to tables.

    Args:
        programs: each with whether to keep the order of threads. The order decides where a match ends; without it the
            tables have fewer states, and tell only whether there is a match.
        alphabet: classes of characters, made for these programs.

    Raises:
        UnsupportedExpression: a lookbehind over two characters inside a match.
    """
    built = [_Builder(program, alphabet, ordered).build() for program, ordered in programs]
    first = np.cumsum([0] + [len(one.ends) - 1 for one in built])  # they share the dead state
    return Automata(
        np.concatenate(
            [built[0].transitions[:1], *(_moved(one.transitions[1:], n) for one, n in zip(built, first, strict=False))]
        ),
        np.concatenate([built[0].ends[:1], *(one.ends[1:] for one in built)]),
        np.concatenate([_moved(one.starts, n) for one, n in zip(built, first, strict=False)]),
    )


def _moved(states: npt.NDArray[np.int32], by: int) -> npt.NDArray[np.int32]:
    return np.where(states == DEAD, DEAD, states + by).astype(np.int32)


class _Builder:
    def __init__(self, program: Program, alphabet: Alphabet, ordered: bool) -> None:
        self._program, self._alphabet, self._ordered = program, alphabet, ordered
        self._nodes = program.nodes
        self._reads = [alphabet.bits(node.symbols) if isinstance(node, Read | Behind) else 0 for node in self._nodes]
        self._states: list[_State] = []
        self._numbers: dict[_State, int] = {}
        self._number((NO_MATCH, ()))  # DEAD
        self._asks_inside = self._meets_assertions_inside()

    def build(self) -> Automata:
        starts = self._starts()
        rows: list[list[int]] = []
        while len(rows) < len(self._states):  # making a row may add states
            rows.append(self._row(self._states[len(rows)]))
        ends = np.array([end for end, _ in self._states], np.uint8)
        return Automata(np.array(rows, np.int32), ends, starts[None])

    def _number(self, state: _State) -> int:
        number = self._numbers.setdefault(state, len(self._states))
        if number == len(self._states):
            self._states.append(state)
        return number

    def _meets_assertions_inside(self) -> bool:
        """Whether a lookbehind can follow a character inside a match."""
        met: list[int] = []
        entries = [(node.next, self._alphabet.everything) for node in self._nodes if isinstance(node, Read)]
        for entry in entries:
            self._closure([entry], lambda number: not met.append(number))  # type: ignore[func-returns-value]
        return bool(met)

    def _starts(self) -> npt.NDArray[np.int32]:
        """The start state for each pair of preceding symbols; pairs with the same true lookbehinds share one."""
        befores = [number for number, node in enumerate(self._nodes) if isinstance(node, Before)]
        symbols = self._alphabet.size + 1
        held = np.stack([np.ones((symbols, symbols), np.bool_), *(self._holds(number) for number in befores)])
        contexts, context = np.unique(held.reshape(len(held), -1), axis=1, return_inverse=True)
        starts = np.empty((2, contexts.shape[1]), np.int32)
        for column, truths in enumerate(contexts.T):
            truth = dict(zip(befores, truths[1:].tolist(), strict=True))
            entry = self._program.start, self._alphabet.everything
            for filled in (0, 1):
                threads = self._closure([entry], truth.__getitem__, may_match=not filled)
                starts[filled, column] = self._number(self._state(threads, NO_MATCH))
        return np.ascontiguousarray(starts[:, context.ravel()].reshape(2, symbols, symbols))

    def _holds(self, number: int) -> npt.NDArray[np.bool_]:
        """Where a lookbehind holds: (K + 1, K + 1) by the last symbol but one and the last."""
        node = self._nodes[number]
        assert isinstance(node, Before)
        symbols = self._alphabet.size + 1
        found = np.zeros((symbols, symbols), np.bool_)
        for sequence in node.symbols:
            sets = [self._members(member) for member in sequence]
            found |= sets[-1][None, :] & (sets[0][:, None] if len(sets) == 2 else True)
        return found != node.negated

    def _members(self, symbols: Symbols) -> npt.NDArray[np.bool_]:
        bits = self._alphabet.bits(symbols)
        return np.array([bits >> number & 1 for number in range(self._alphabet.size + 1)], np.bool_)

    def _closure(
        self, entries: Iterable[_Thread], holds: Callable[[int], bool], may_match: bool = True
    ) -> list[_Thread]:
        """The threads that read or match, reached from `entries` without reading, in order."""
        threads: list[_Thread] = []
        seen: dict[int, int] = {}
        stack = list(reversed(list(entries)))
        while stack:
            number, allowed = stack.pop()
            allowed &= ~seen.get(number, 0)
            if not allowed:
                continue
            seen[number] = seen.get(number, 0) | allowed
            node = self._nodes[number]
            if isinstance(node, Match | Ahead) and not may_match:
                continue
            if isinstance(node, Match):
                threads.append((number, allowed))
                if self._ordered and allowed == self._alphabet.everything:
                    break
            elif isinstance(node, Read):
                if allowed & self._reads[number]:
                    threads.append((number, allowed & self._reads[number]))
            elif isinstance(node, Fork):
                stack.extend((branch, allowed) for branch in reversed(node.branches))
            elif isinstance(node, Behind):
                stack.append((node.next, allowed & self._reads[number]))
            elif holds(number):
                stack.append((node.next, allowed))
        return threads

    def _state(self, threads: Sequence[_Thread], end: int) -> _State:
        everything = self._alphabet.everything
        for number, allowed in threads:
            node = self._nodes[number]
            if isinstance(node, Match) and allowed == everything:
                end = ENDS_HERE + node.back
                threads = [thread for thread in threads if thread != (number, everything)]
                break
        return end, tuple(threads if self._ordered else sorted(threads))

    def _row(self, state: _State) -> list[int]:
        """The next state for each symbol. Symbols read by the same threads lead to the same state."""
        row = [DEAD] * (self._alphabet.size + 1)
        wanted = reduce(or_, (allowed for _, allowed in state[1]), 0)
        known: dict[tuple[tuple[int, ...], int], int] = {}
        while wanted:
            symbol = (wanted & -wanted).bit_length() - 1
            wanted &= wanted - 1
            live = tuple(number for number, allowed in state[1] if allowed >> symbol & 1)
            key = live, symbol if self._asks_inside else -1
            if key not in known:
                known[key] = self._number(self._read(live, symbol))
            row[symbol] = known[key]
        return row

    def _read(self, threads: tuple[int, ...], symbol: int) -> _State:
        end, entries = NO_MATCH, []
        for node in map(self._nodes.__getitem__, threads):
            if isinstance(node, Read):
                entries.append((node.next, self._alphabet.everything))
            elif isinstance(node, Match):
                end = ENDS_HERE + node.back + 1
                if self._ordered:
                    break

        def holds(number: int) -> bool:
            before = self._nodes[number]
            assert isinstance(before, Before)
            if any(len(sequence) != 1 for sequence in before.symbols):
                raise UnsupportedExpression("a lookbehind over two characters inside a match")
            inside = any(self._alphabet.bits(sequence[0]) >> symbol & 1 for sequence in before.symbols)
            return inside != before.negated

        return self._state(self._closure(entries, holds), end)

"""The texts of one side of many pairs as code points, and what code points are.

Shapes: C code points of all texts together, N texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import regex

from pipelines.kernels.arrays import Integers

_CODE_POINTS = 0x110000

SPACE, ALPHABETIC, LETTER, UPPER, LOWER, DIGIT, TERMINAL = (1 << bit for bit in range(7))
"""Bits of `classes`: white space of `str.split`; Unicode's Alphabetic; categories L, Lu, Ll, Nd; . ? ! …"""

_CLASSES = (
    (ALPHABETIC, r"\p{Alphabetic}"),
    (LETTER, r"\p{L}"),
    (UPPER, r"\p{Lu}"),
    (LOWER, r"\p{Ll}"),
    (DIGIT, r"\p{Nd}"),
    (TERMINAL, r"[.?!…]"),
)

Classes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Side:
    """Text n is `codes[bounds[n]:bounds[n + 1]]`."""

    strings: Sequence[str]
    codes: npt.NDArray[np.uint32]  # (C,), read-only: the kernels are compiled for that
    bounds: Integers  # (N + 1,)

    @staticmethod
    def of(texts: Sequence[str]) -> "Side":
        """Texts without surrogates."""
        codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        return Side(texts, codes, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))

    @property
    def lengths(self) -> Integers:
        """(N,) code points of each."""
        return np.diff(self.bounds)


@cache
def classes() -> Classes:
    """(0x110000,): the bits of every code point."""
    every, bits = _every(), np.zeros(_CODE_POINTS, np.uint8)
    for bit, expression in _CLASSES:
        bits[_matching(expression, every)] |= bit
    bits[[code for code in range(0x3001) if chr(code).isspace()]] |= SPACE  # the last one is U+3000
    bits.flags.writeable = False
    return bits


@cache
def scripts(names: tuple[str, ...]) -> Classes:
    """(0x110000,): 1 for the code points of any of these Unicode scripts (UAX 24)."""
    member = np.zeros(_CODE_POINTS, np.uint8)
    for name in names:
        member[_matching(rf"\p{{Script={name}}}", _every())] = 1
    member.flags.writeable = False
    return member


@cache
def _every() -> str:
    """All code points in order; surrogates are no characters, and stand for themselves as U+0000."""
    codes = np.arange(_CODE_POINTS, dtype="<u4")
    codes[0xD800:0xE000] = 0
    return codes.tobytes().decode("utf-32-le")


def _matching(expression: str, every: str) -> Integers:
    """The code points that an expression of one character matches."""
    runs = [np.arange(*match.span()) for match in regex.finditer(f"(?:{expression})+", every)]
    return np.concatenate(runs) if runs else np.zeros(0, np.int64)

"""How likely bytes are in the encodings of Chinese, Japanese and Korean, from the frequencies of their characters."""

import math
import unicodedata
from collections import Counter
from functools import cache

from pipelines.readers.encoding_languages import CHINESE, CHINESE_TRADITIONAL, JAPANESE, KOREAN
from pipelines.readers.encoding_single_byte import falling
from pipelines.readers.undecodable import decode_completely

# Encoding -> how rare it is, as a power of e; language; its most frequent characters and their share of a text; first
# and second bytes of the common ones: the standards put these apart from the rare.
DOUBLE_BYTE: dict[str, tuple[float, str, str, float, range, range]] = {
    "cp949": (1.5, "Korean", KOREAN, 0.65, range(0xB0, 0xC9), range(0xA1, 0xFF)),
    "gb18030": (1, "Chinese", CHINESE, 0.45, range(0xB0, 0xD8), range(0xA1, 0xFF)),
    "big5hkscs": (2, "Chinese", CHINESE_TRADITIONAL, 0.45, range(0xA4, 0xC7), range(0x40, 0xFF)),
    "cp932": (1.5, "Japanese", JAPANESE, 0.65, range(0x88, 0x98), range(0x40, 0xFD)),
    "euc_jp": (2, "Japanese", JAPANESE, 0.65, range(0xB0, 0xD0), range(0xA1, 0xFF)),
}
_FULL_WIDTH = (
    "，。、：；！？“”「」（）…—《》・　‘’『』【】〈〉～／．－０１２３４５６７８９·※○●◎★☆■□▲▼◆◇→←①②③④⑤℃㈜％＆＋＝"
    "ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ"
)
_FULL_WIDTH_SHARE = 0.08
_RARE, _FOUR_BYTES, _NO_CHARACTER = 1e-6, 1e-4, 1e-8
_FIRST = 4 << 10
_MOST_ERRORS = 10  # more than one in so many characters: not this encoding


def likelihood(data: bytes, encoding: str) -> float:
    """Natural logarithm of the probability of the characters beyond ASCII."""
    first = data[:_FIRST].decode(encoding, "replace")
    if first.count("\ufffd") * _MOST_ERRORS > len(first) - len(first.encode("ascii", "ignore")):
        return -math.inf
    known, counts = _characters(encoding), Counter(decode_completely(data, encoding))
    beyond = ((character, count) for character, count in counts.items() if not character.isascii())
    return sum(count * (known.get(character) or _uncommon(character, encoding)) for character, count in beyond)


def _uncommon(character: str, encoding: str) -> float:
    if character == "\ufffd" or unicodedata.category(character) == "Co":
        return math.log(_NO_CHARACTER)
    # GB 18030 has all of Unicode: other characters take two pairs of a byte beyond ASCII and a digit
    four = encoding == "gb18030" and len(character.encode(encoding)) == 4
    return math.log(_FOUR_BYTES if four else _RARE)


@cache
def _characters(encoding: str) -> dict[str, float]:
    """Common character -> logarithm of its probability."""
    _, _, frequent, share, firsts, seconds = DOUBLE_BYTE[encoding]
    pairs = (bytes([first, second]).decode(encoding, "ignore") for first in firsts for second in seconds)
    common = {pair for pair in pairs if len(pair) == 1}
    found = dict.fromkeys(common, math.log((1 - _FULL_WIDTH_SHARE - share) / len(common)))
    for characters, part in ((_FULL_WIDTH, _FULL_WIDTH_SHARE), (frequent, share)):
        probabilities = falling(len(characters), 8)
        found |= {one: math.log(part * each) for one, each in zip(characters, probabilities, strict=True)}
    return found

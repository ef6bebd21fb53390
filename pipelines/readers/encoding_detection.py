"""The encoding of bytes that say nothing of it: the one in which they are the likeliest text.

A naive Bayes classifier. Its hypotheses are pairs of an encoding and a language written in it; a hypothesis gives a
probability to each character beyond ASCII, from the rank of the letter in the language, its case and its neighbours
(`пРИВЕТ` and `caf¶s` are no words), and to their share among the letters. The text that it makes should then be in its
language. One more hypothesis is that it is none of them: then the bytes are refused rather than guessed.
"""

import re
from dataclasses import dataclass

from pipelines.readers.encoding_agreement import agreement
from pipelines.readers.encoding_double_byte import DOUBLE_BYTE, likelihood
from pipelines.readers.encoding_languages import DOS, SINGLE_BYTE
from pipelines.readers.encoding_single_byte import Counts
from pipelines.readers.undecodable import LIMIT, EncodingError

_BEFORE = 1 << 10  # bytes before the first one beyond ASCII
_SAMPLE, _DOUBT_SAMPLE = 32 << 10, 2 << 10  # and from it on, to detect an encoding, and to doubt a declared one
_READ = 4 << 10  # bytes of which the language is identified
_NEAR = 15.0  # how much less likely than the best hypothesis one may be that its language is looked at
_TAG = re.compile(rb"<[^<>]*>")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_NO_TAGS = bytes.maketrans(b"<>", b"  ")
# By how much the best hypothesis must be likelier than none, and than one that makes another text; as powers of e.
_OVER_NONE, _OVER_OTHERS = 1.0, 0.5
_OVER_DECLARED = 20.0
_NO_LETTER = re.compile(rb"<[^<>]*>|[^a-zA-Z]+")
# What shifts the character set: escape sequences (RFC 1468, RFC 1557), or `~{` (RFC 1843).
_SHIFTS = {
    "iso2022_jp_ext": re.compile(rb"\x1b\$[@B]|\x1b\(I"),
    "iso2022_kr": re.compile(rb"\x1b\$\)C"),
    "hz": re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e]){2,}~\}"),
}


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """How likely bytes are (natural logarithm, with the prior) in an encoding and language; neither: in none."""

    likelihood: float
    encoding: str
    language: str


def detect(data: bytes) -> str:
    """The encoding that makes the likeliest text of the bytes, by its Python name.

    Raises:
        EncodingError: there is none, or it is a DOS code page, which is too often a mistake for rare languages.
    """
    best, *others = _by_language(hypotheses(data), data)
    none = next((one for one in others if not one.encoding), best)
    if best.likelihood < none.likelihood + _OVER_NONE:
        raise EncodingError("not UTF-8, and no other encoding detected: set `encoding` for this source if you know it")
    if best.encoding in DOS:
        raise EncodingError(f"not UTF-8, and only a guess at {best.encoding}: set `encoding` for this source if it is")
    for other in others:
        if other.likelihood < best.likelihood - _OVER_OTHERS:
            break
        if other.encoding and other.encoding not in DOS and _are_other_texts(data, best.encoding, other.encoding):
            guesses = f"{best.encoding} or {other.encoding}"
            raise EncodingError(f"not UTF-8, and perhaps {guesses}: set `encoding` for this source if you know it")
    return best.encoding


def is_mistaken(declared: str, data: bytes) -> bool:
    """Whether the declared encoding makes of the bytes what is less likely than noise, and another one makes text.

    Of 569 texts and excerpts of the Universal Declaration of Human Rights, in encodings made for their languages, none
    is taken for another; declared as Windows-1252 wrongly, three in four are.
    """
    found = hypotheses(data, _DOUBT_SAMPLE)
    none = next(one for one in found if not one.encoding)
    said = next((one for one in found if one.encoding == declared), none)
    if said.likelihood >= none.likelihood or found[0].likelihood < said.likelihood + _OVER_DECLARED:
        return False
    try:
        detected = detect(data)
    except EncodingError:
        return False
    return _are_other_texts(data, detected, declared)


def _are_other_texts(data: bytes, one: str, other: str) -> bool:
    """Whether the encodings make other characters of more than a few of the bytes beyond ASCII."""
    first, second = (data.decode(encoding, "replace") for encoding in (one, other))
    if first == second or len(first) != len(second):
        return first != second
    differences = sum(a != b for a, b in zip(first, second, strict=True))
    return differences * LIMIT > len(first) - len(first.encode("ascii", "ignore"))


def hypotheses(data: bytes, length: int = _SAMPLE) -> list[Hypothesis]:
    """All of them, the likeliest first, from so many bytes."""
    sample = _sample(data, length)
    # no second byte of a character is a space, `<` or `>`
    words = b" ".join(word for word in sample.translate(_NO_TAGS).split() if not word.isascii())
    counts = Counts(words, len(_NO_LETTER.sub(b"", sample)))
    found = [Hypothesis(counts.in_none(), "", "")]
    for encoding, (rarity, languages) in (SINGLE_BYTE | DOS).items():
        for language, likely in counts.in_each(encoding, languages):
            found.append(Hypothesis(likely - rarity, encoding, language))
    for encoding, (rarity, language, *_) in DOUBLE_BYTE.items():
        likely = likelihood(words, encoding) + counts.so_few(0.5)
        found.append(Hypothesis(likely - rarity, encoding, language))
    return sorted(found, key=lambda one: -one.likelihood)


def _by_language(found: list[Hypothesis], data: bytes) -> list[Hypothesis]:
    """The likeliest of them, the likelier first when their texts are in the languages they should be in; and none."""
    near = [one for one in found if one.encoding and one.likelihood > found[0].likelihood - _NEAR]
    sample = _TAG.sub(b" ", _sample(data, _READ))
    texts = {encoding: sample.decode(encoding, "replace") for encoding in {one.encoding for one in near}}
    agreements = agreement([texts[one.encoding] for one in near], [one.language for one in near])
    judged = [
        Hypothesis(one.likelihood + more, one.encoding, one.language)
        for one, more in zip(near, agreements, strict=True)
    ]
    none = (one for one in found if not one.encoding)
    return sorted([*judged, *none], key=lambda one: -one.likelihood)


def _sample(data: bytes, length: int) -> bytes:
    first = _BEYOND_ASCII.search(data)
    return data[max(0, first.start() - _BEFORE) : first.start() + length] if first else b""


def is_seven_bit(data: bytes) -> bool:
    """Whether ASCII bytes may be text in an encoding that shifts character sets."""
    return b"\x1b" in data or b"~{" in data


def detect_seven_bit(data: bytes) -> str | None:
    """The encoding of ASCII bytes that shift character sets; None when it is only ASCII."""
    for encoding, shift in _SHIFTS.items():
        if shift.search(data):
            try:
                text = data.decode(encoding)
            except UnicodeError:
                continue
            if any(character.isalpha() and not character.isascii() for character in text):
                return encoding
    return None

"""Phone numbers in text, conservatively: dates, versions, ISBNs, amounts and times must not match.

A number counts in international form (`+`, ITU-T E.164 country code), in the North American form, in national form
with a trunk 0, or in any form right after a word such as `Tel.`.
"""

import re
from collections.abc import Iterator

_SEPARATOR = r"[ \u00a0./()\u2010-\u2013-]"
# A cheap filter: seven digits with few separators between them.
_CANDIDATE = re.compile(rf"\d(?<!\w\d)(?:{_SEPARATOR}{{0,3}}\d){{6,}}", re.ASCII)
_GROUP_START = re.compile(r"(?:\+ ?)?\(?(?<!\d)\d", re.ASCII)

_NOT_INSIDE_NUMBER = r"(?<![\w+])(?<!\d[.,/:-])(?<![$€£¥])"
_NUMBER_ENDS = r"(?!\w|[.,/:-]?\d|%)"

_INTERNATIONAL = re.compile(
    rf"{_NOT_INSIDE_NUMBER}(?:\+ ?|(?<!\d )00(?=[1-9]))\(?\d(?:{_SEPARATOR}{{0,3}}\d){{8,17}}", re.ASCII
)
_AS_DECIMAL = re.compile(r"\+ ?\d{1,3}\.\d{4}")
# Country codes of E.164 in service.
_COUNTRY = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|21[1-368]|22\d|23\d|24\d|25[0-8]|26\d|29[01789]|35\d|37\d|38[0-35-79]|42[013]|50\d|59\d"
    r"|67[02-9]|68[0-35-9]|69[0-2]|80[08]|85[02356]|87[08]|88[0-368]|96[0-8]|97[0-79]|99[2-68]"
)
_NORTH_AMERICAN_NUMBER = re.compile(r"1[2-9][0-8]\d[2-9]\d{6}")

_NATIONAL = tuple(
    re.compile(_NOT_INSIDE_NUMBER + form + _NUMBER_ENDS, re.ASCII)
    for form in (
        # (212) 555-0123, 212-555-0123, 1-212-555-0123, 212.555.0123
        r"(?:1[ .-])?\([2-9][0-8]\d\) ?[2-9]\d\d[ .-]\d{4}",
        r"(?:1([.-]))?[2-9][0-8]\d([.-])[2-9]\d\d\2\d{4}",
        # 01 23 45 67 89
        r"(?<!\d )0[1-9]([ .-])\d\d(?:\1\d\d){3}(?! \d)",
        # 030 / 1234567, (0711) 123 456, 020 7946 0958, 0171-1234567
        r"(?<!\d )(?:\(0[1-9]\d{1,4}\) ?|0[1-9]\d{1,4}(?: ?[/-] ?| ))"
        r"(?=(?:[ -]?\d){6,9}(?![ -]?\d))\d{3,8}(?:[ -]\d{2,6}){0,2}",
    )
)

# `(?<!<)`: `<PHONE>`, a placeholder, does not announce a number.
_ANNOUNCED_BY = re.compile(
    r"(?:\b(?<!<)(?:tele?(?:phone|fon|fax)?|phone|fax|mobile?|cell|call(?: us)?(?: at| on)?|t[ée]l[ée]?(?:phone)?"
    r"|tel[ée]fono|whatsapp)|тел(?:ефон)?)\W{0,3}(?:n[or]\.?|number|numm?er)?[\s.:]{0,3}\Z",
    re.IGNORECASE,
)
_ANNOUNCEMENT = 24  # characters before a number that may announce it
_ANNOUNCED = re.compile(rf"(?<![\w+])\(?\d(?:[ ()/\u2010-\u2013.-]{{0,2}}\d){{6,14}}{_NUMBER_ENDS}", re.ASCII)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each phone number, in order."""
    done = 0
    for candidate in _CANDIDATE.finditer(text):
        begin = max(candidate.start() - len("+ ("), 0)
        for group in _GROUP_START.finditer(text, begin, candidate.end()):
            if group.start() >= done:
                end = _end_of_number(text, group.start())
                if end is not None:
                    yield group.start(), end
                    done = end


def _end_of_number(text: str, start: int) -> int | None:
    international = _INTERNATIONAL.match(text, start)
    if international:
        return _end_of_international(international)
    for form in _NATIONAL:
        match = form.match(text, start)
        if match:
            return match.end()
    if _ANNOUNCED_BY.search(text[max(start - _ANNOUNCEMENT, 0) : start]):
        announced = _ANNOUNCED.match(text, start)
        return announced.end() if announced else None
    return None


def _end_of_international(match: re.Match[str]) -> int | None:
    """The longest sequence of whole groups that is a valid number: text behind it may look like one more group."""
    number = match.group()
    groups = list(re.finditer(r"\d+", number))
    prefixed_by_zeros = number.startswith("00")
    if len(groups) == 1 and prefixed_by_zeros:  # 0012345678 is any number
        return None
    if _AS_DECIMAL.match(number):  # +1.7035550123 is EPP's form (RFC 5733), +52.520008 a coordinate
        groups = groups[:2] if len(groups[0].group() + groups[1].group()) >= 10 else []
    complete = match.string[match.end() : match.end() + 1]
    last = len(groups) - 1 if complete.isdigit() else len(groups)
    for count in range(last, 0, -1):
        digits = "".join(group.group() for group in groups[:count])
        if _is_e164(digits[2:] if prefixed_by_zeros else digits):
            return match.start() + groups[count - 1].end()
    return None


def _is_e164(digits: str) -> bool:
    """Country code and 9 to 15 digits in all (ITU-T E.164); a trunk `(0)` after the code may be written."""
    country = _COUNTRY.match(digits)
    if country is None or not 9 <= len(digits) <= 16 or digits.startswith("00", country.end()):
        return False
    if country.group() == "1":
        return _NORTH_AMERICAN_NUMBER.fullmatch(digits) is not None
    trunk = digits.startswith("0", country.end()) and country.group() != "39"  # Italian numbers keep their 0
    return len(digits) - trunk <= 15

"""Recognisers of identifiers in text: e-mail, IP address, payment card, IBAN. Each yields (start, end) in order.

A pattern proposes, a check decides: check digits, lengths per country, address registries. Boundaries keep parts of
longer numbers and words out. ASCII digits only. Patterns begin with what they look for and look behind after it: the
engine then skips to the next digit or capital, several times faster.
"""

import ipaddress
import re
import string
from collections.abc import Iterator

Interval = tuple[int, int]


def _letters(*ranges: tuple[int, int]) -> str:
    return "".join(chr(c) for first, last in ranges for c in range(first, last + 1) if chr(c).isalpha())


# Latin, Greek and Cyrillic beyond ASCII (RFC 6531). Scripts written without blanks stay out: the sentence around an
# address would be taken for a part of it.
_BEYOND_ASCII = _letters((0xC0, 0x24F), (0x370, 0x52F))
_ALNUM = string.ascii_letters + string.digits + _BEYOND_ASCII
# Of the marks that RFC 5322 allows, those that real addresses have; the others separate addresses in URLs and code.
_LOCAL_PART = _ALNUM + "._%+-'~"
_LOCAL_PART_LIMIT = 64  # RFC 5321, section 4.5.3.1.1
_LABEL = rf"[{_ALNUM}](?:[{_ALNUM}-]{{0,61}}[{_ALNUM}])?"
_DOMAIN = re.compile(
    rf"@(?!\dx\.[a-z]{{3,4}}\b)"  # logo@2x.png: an image for dense screens
    rf"(?:{_LABEL}\.){{1,8}}(?:xn--[a-zA-Z0-9-]{{2,59}}|[{string.ascii_letters}{_BEYOND_ASCII}]{{2,24}})(?![{_ALNUM}])"
)


def emails(text: str) -> Iterator[Interval]:
    """Addresses `local@domain.tld` (RFC 5321, dot-atom local parts)."""
    if "@" not in text:
        return
    done = 0
    for match in _DOMAIN.finditer(text):
        at = match.start()
        before = text[max(done, at - _LOCAL_PART_LIMIT) : at]
        local = before[len(before.rstrip(_LOCAL_PART)) :].rpartition("..")[2].lstrip(".%+-'~")
        if local and not local.endswith((".", "'")):
            done = match.end()
            yield at - len(local), done


# Versions and section numbers have four parts, too.
_NOT_A_VERSION = r"(?<!ersion \d)(?<!ection \d)(?<!ection-\d)(?<![=<>~!]=\d)(?<![=<>~!]= \d)"
_IPV4 = re.compile(rf"[1-9](?<![\w.]\d){_NOT_A_VERSION}\d{{0,2}}(?:\.\d{{1,3}}){{3}}(?!\w|\.\d)", re.ASCII)
# Global unicast is 2000::/3 (RFC 4291, IANA registry): the first group has four digits and starts with 2 or 3.
_IPV6 = re.compile(r"[23](?<![\w:]\d)[0-9A-Fa-f]{3}:[0-9A-Fa-f:]{1,34}(?!\w)", re.ASCII)


def ip_addresses(text: str) -> Iterator[Interval]:
    """Public addresses, v4 and v6: what `ipaddress` calls global. Private and documentation ranges are left."""
    found = []
    for pattern in (_IPV4, _IPV6):
        for match in pattern.finditer(text):
            candidate = match.group() if match.group().endswith("::") else match.group().rstrip(":")
            if _is_global(candidate):
                found.append((match.start(), match.start() + len(candidate)))
    yield from sorted(found)


def _is_global(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast


_CARD = re.compile(r"[2-6](?<![\w.,-]\d)\d{3}(?:[ -]?\d){9,18}(?!\w|[.,]\d)", re.ASCII)
# Issuer prefixes and the lengths that go with them (ISO/IEC 7812; published ranges of the networks).
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|64[4-9]|65"), (16, 17, 18, 19)),  # Discover
    (re.compile(r"30[0-5]|36|3[89]"), (14, 16)),  # Diners Club
    (re.compile(r"35(?:2[89]|[3-8])"), (16,)),  # JCB
    (re.compile(r"62"), (16, 17, 18, 19)),  # UnionPay
    (re.compile(r"5018|5020|5038|5893|6304|6759|676[1-3]"), (13, 14, 15, 16, 17, 18, 19)),  # Maestro
)
_SHORT_GROUPINGS = ((4, 6, 5), (4, 6, 4))  # American Express, Diners Club


def cards(text: str) -> Iterator[Interval]:
    """Payment card numbers: known prefix, 13 to 19 digits, Luhn check digit (ISO/IEC 7812-1), usual grouping."""
    for match in _CARD.finditer(text):
        groups = list(re.finditer(r"\d+", match.group()))
        # what follows a number may look like one more group of it: the longest valid run of whole groups counts
        for last in range(len(groups), 0, -1):
            number = match.group()[: groups[last - 1].end()]
            if _is_card(number, tuple(len(group.group()) for group in groups[:last])):
                yield match.start(), match.start() + len(number)
                break


def _is_card(number: str, grouping: tuple[int, ...]) -> bool:
    separators = set(re.findall(r"\D", number))
    in_fours = all(size == 4 for size in grouping[:-1]) and grouping[-1] <= 4
    if len(separators) > 1 or not (len(grouping) == 1 or in_fours or grouping in _SHORT_GROUPINGS):
        return False
    digits = re.sub(r"\D", "", number)
    known = any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _ISSUERS)
    return known and luhn(digits)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


# Length per country (SWIFT IBAN registry).
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
_IBAN = re.compile(r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z]\d\d(?=[ -]?[A-Z0-9]{4})", re.ASCII)


def ibans(text: str) -> Iterator[Interval]:
    """Account numbers (ISO 13616): the country's length and check digits modulo 97, in one piece or in groups."""
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match.group()[:2])
        if length is None:
            continue
        # the rest of the number, one separator at most before each character
        whole = re.compile(rf"(?:[A-Z0-9][ -]?){{{length - 1}}}[A-Z0-9](?![A-Za-z0-9])").match(text, match.start())
        if whole and _mod_97(re.sub(r"[ -]", "", whole.group())) == 1:
            yield match.start(), whole.end()


def _mod_97(account: str) -> int:
    return int("".join(str(int(character, 36)) for character in account[4:] + account[:4])) % 97

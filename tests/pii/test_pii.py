"""Personal data: what is found per kind, what is left, and how it is replaced."""

import ipaddress
import itertools
import zipfile

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pipelines.pii.recognizers import luhn
from pipelines.pii.spans import KINDS, PLACEHOLDERS, Span, find, replace


def found(text, kinds=KINDS):
    return [(span.kind, text[span.start : span.end]) for span in find(text, kinds)]


EMAILS = [
    ("Write to john.doe+news@mail.example.co.uk.", "john.doe+news@mail.example.co.uk"),
    ("<a_b-c%d@example.org>", "a_b-c%d@example.org"),
    ("'o'brien@example.ie'", "o'brien@example.ie"),
    ("mailto:me@example.com?subject=x", "me@example.com"),
    ("https://example.com/?mail=me@example.com&x=1", "me@example.com"),
    ("jürgen.groß@müller.de", "jürgen.groß@müller.de"),
    ("联系foo@example.com谢谢", "foo@example.com"),
    ("me@xn--mller-kva.xn--p1ai", "me@xn--mller-kva.xn--p1ai"),
    ("..x@example.com", "x@example.com"),
]
NOT_EMAILS = [
    "@user",
    "foo@bar",
    "a @ b.com",
    "logo@2x.png",
    "foo@.com",
    "x.@example.com",
    "@example.com",
    "foo@example.c1",
]

ADDRESSES = [
    ("server 8.8.8.8.", "8.8.8.8"),
    ("http://8.8.4.4:8080/x", "8.8.4.4"),
    ("8.8.8.0/24", "8.8.8.0"),
    ("at 2001:4860:4860::8888, say", "2001:4860:4860::8888"),
    ("[2606:4700:4700:0:0:0:0:1111]:443", "2606:4700:4700:0:0:0:0:1111"),
    ("2a00:1450:4001::", "2a00:1450:4001::"),
]
NOT_ADDRESSES = [
    "192.168.1.1",
    "10.0.0.1 and 127.0.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "999.1.1.1",
    "256.8.8.8",
    "1.8.8.8.8",
    "v1.2.3.4",
    "version 4.3.2.1",
    "lib>=1.2.3.4",
    "RFC 5890, section 2.3.2.4",
    "fe80::1",
    "2001:db8::1",
    "std::vector",
    "Add::Feed",
    "12:30:45",
    "2023:01:02",
]

CARDS = [
    ("4111 1111 1111 1111 exp 12/25", "4111 1111 1111 1111"),
    ("4111 1111 1111 1111 12/25", "4111 1111 1111 1111"),
    ("5555-5555-5555-4444", "5555-5555-5555-4444"),
    ("2221000000000009", "2221000000000009"),
    ("3782 822463 10005", "3782 822463 10005"),
    ("378282246310005", "378282246310005"),
    ("6011111111111117", "6011111111111117"),
    ("3530111333300000", "3530111333300000"),
    ("3056 930902 5904", "3056 930902 5904"),
    ("4222222222222", "4222222222222"),
]
NOT_CARDS = [
    "4111 1111 1111 1112",  # check digit
    "1111 1111 1111 1117",  # no such issuer
    "4111-1111 1111-1111",  # mixed separators
    "41 11111 111111 111",  # no usual grouping
    "94111111111111111",  # inside a longer number
    "4111111111111111.5",
    "x4111111111111111",
    "5555555555554",  # issuer, but not that length
]

IBANS = [
    ("IBAN: DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX", "DE89 3704 0044 0532 0130 00"),
    ("GB82WEST12345698765432", "GB82WEST12345698765432"),
    ("FR14 2004 1010 0505 0001 3M02 606.", "FR14 2004 1010 0505 0001 3M02 606"),
    ("NO93-8601-1117-947", "NO93-8601-1117-947"),
    ("MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"),
]
NOT_IBANS = [
    "DE88 3704 0044 0532 0130 00",  # check digits
    "DE89 3704 0044 0532 0130",  # too short for the country
    "ZZ89 3704 0044 0532 0130 00",  # no such country
    "DE893704004405320130001",  # longer
    "XDE89370400440532013000",
]

PHONES = [
    ("+49 (0)711 123-456", "+49 (0)711 123-456"),
    ("+1 (212) 555-0123 or", "+1 (212) 555-0123"),
    ("+12125550123", "+12125550123"),
    ("+1.7035550123", "+1.7035550123"),
    ("+420 123 456 789, Praha", "+420 123 456 789"),
    ("+39 06 1234 5678", "+39 06 1234 5678"),
    ("+44 20 7946 0958 2023 edition", "+44 20 7946 0958"),
    ("0049 711 123456", "0049 711 123456"),
    ("call (212) 555-0123.", "(212) 555-0123"),
    ("212-555-0123", "212-555-0123"),
    ("212.555.0123", "212.555.0123"),
    ("1-212-555-0123", "1-212-555-0123"),
    ("01 23 45 67 89", "01 23 45 67 89"),
    ("030 / 1234567", "030 / 1234567"),
    ("(0711) 123 4567", "(0711) 123 4567"),
    ("020 7946 0958", "020 7946 0958"),
    ("0171-1234567", "0171-1234567"),
    ("Tel.: 555 1234", "555 1234"),
    ("Phone number: 5551234567", "5551234567"),
    ("fax 12 34 56 78", "12 34 56 78"),
    ("Telefon: 44 668 18 00", "44 668 18 00"),
]
NOT_PHONES = [
    "2023-01-02",
    "01.02.2003 12:30",
    "01/02/2003",
    "1999-2004",
    "12:30:45.123456",
    "1.2.3.4.5.6.7",
    "10.1000/182.55555",
    "ISBN 978-0-306-40615-7",
    "ISBN 0-306-40615-2",
    "ISSN 0378-5955",
    "$212-555-0123",
    "$1,234,567.89",
    "1 234 567 890",
    "+20 000 000",
    "+1 000 000 000",
    "+52.520008 -13.404954",
    "+52.5200081",
    "+999 123 456 789",
    "0012345678",
    "1234567890",
    "3.14159265358979",
    "0.0123456789",
    "05 10 15 20 25 30",
    "UUID 123e4567-e89b-12d3-a456-426614174000",
    "2020 - 2021 123 4567",
]


def cases(kind, pairs):
    return [pytest.param(kind, text, span, id=text) for text, span in pairs]


@pytest.mark.parametrize(
    ("kind", "text", "span"),
    [
        *cases("email", EMAILS),
        *cases("ip", ADDRESSES),
        *cases("card", CARDS),
        *cases("iban", IBANS),
        *cases("phone", PHONES),
    ],
)
def test_it_is_found_with_its_whole_extent(kind, text, span):
    assert found(text) == [(kind, span)]


@pytest.mark.parametrize("text", [*NOT_EMAILS, *NOT_ADDRESSES, *NOT_CARDS, *NOT_IBANS, *NOT_PHONES])
def test_what_only_looks_alike_is_left(text):
    assert found(text) == []


def test_only_the_kinds_asked_for_are_found():
    text = "me@example.com 8.8.8.8"
    assert found(text, ["ip"]) == [("ip", "8.8.8.8")]
    assert found(text, []) == []


def test_the_stricter_kind_wins_where_two_would_match():
    assert found("Phone: 4111 1111 1111 1111") == [("card", "4111 1111 1111 1111")]


def test_each_kind_has_its_placeholder():
    text = "Mail me@example.com, call +1 212 555 0123 or 8.8.8.8."
    assert replace(text, find(text)) == "Mail <EMAIL>, call <PHONE> or <IP>."


def test_placeholders_are_configurable_one_by_one():
    text = "me@example.com 8.8.8.8"
    assert replace(text, find(text), {"email": "[mail]"}) == "[mail] <IP>"


def test_a_number_after_a_replaced_one_is_not_announced_by_its_placeholder():
    assert found("<PHONE> 1234567") == []


PIECES = [text for kind in (EMAILS, ADDRESSES, CARDS, IBANS, PHONES) for text, _ in kind]
PIECES += [*NOT_EMAILS, *NOT_ADDRESSES, *NOT_CARDS, *NOT_IBANS, *NOT_PHONES, *PLACEHOLDERS.values()]
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="0123456789+-. ()/:@aA", max_size=60),
    st.lists(
        st.one_of(st.sampled_from(PIECES), st.sampled_from(["", " ", ".", "-", ":", "Tel "]), st.text(max_size=3)),
        max_size=6,
    ).map("".join),
)


@settings(max_examples=1000, deadline=None)
@given(TEXTS)
def test_spans_are_ordered_and_never_overlap(text):
    spans = find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))


@settings(max_examples=1000, deadline=None)
@given(TEXTS)
@example("a@b.de1.2.3.4")
@example("Tel 0049 30 123456 030 / 1234567 01 23 45 67 89")
def test_a_replaced_text_holds_nothing_more_to_replace(text):
    once = replace(text, find(text))
    assert find(once) == []


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_no_document_depends_on_those_before_it(texts):
    forwards = [find(text) for text in texts]
    backwards = [find(text) for text in reversed(texts)]
    assert forwards == backwards[::-1]


@given(st.text(), st.data())
def test_replacing_keeps_everything_between_the_spans(text, data):
    assume(len(text) > 1)
    cut = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4, unique=True)))
    span = Span(cut[0], cut[1], "ip")
    assert replace(text, [span], {"ip": "X"}) == text[: cut[0]] + "X" + text[cut[1] :]


@given(st.text(alphabet="0123456789", min_size=12, max_size=18))
def test_exactly_one_check_digit_satisfies_luhn(digits):
    assert sum(luhn(digits + last) for last in "0123456789") == 1


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_found_when_it_is_public(address):
    public = address.is_global and not address.is_multicast
    assert found(f"from {address} on", ["ip"]) == ([("ip", str(address))] if public else [])


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_found_when_it_is_public(address):
    public = address.is_global and address in ipaddress.ip_network("2000::/3")
    assert found(f"from {address} on", ["ip"]) == ([("ip", str(address))] if public else [])


def test_speeches_hold_no_personal_data(shared_data):
    with zipfile.ZipFile(shared_data / "speeches" / "inaugural.zip") as archive:
        texts = [archive.read(name).decode("latin-1") for name in archive.namelist() if name.endswith(".txt")]
    assert len(texts) > 50
    assert [found(text) for text in texts] == [[]] * len(texts)

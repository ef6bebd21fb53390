import codecs
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.readers.encoding import decode, transcode
from pipelines.readers.encoding_labels import codec_of
from pipelines.readers.html import declared_in_html
from pipelines.readers.undecodable import Decoded, EncodingError, whole_characters

RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах. " * 3
CZECH = "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. " * 3
KOREAN = "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. " * 3
JAPANESE = "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。" * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(RUSSIAN, "koi8-r"), (RUSSIAN, "cp1251"), (CZECH, "cp1250"), (JAPANESE, "euc_jp"), (JAPANESE, "shift_jis")],
)
def test_legacy_encodings_are_detected(text, encoding):
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_decides_and_is_no_text(encoding):
    assert decode(CZECH.encode(encoding)).text == CZECH


def test_utf8_wins_over_a_wrong_declaration():
    assert decode(CZECH.encode(), declared=["iso-8859-1"]) == Decoded(CZECH)


def test_declaration_decides_what_detection_could_not():
    assert decode(b"\xe4", declared=["ISO-8859-5"]) == Decoded("ф", "iso8859-5", "declared")


def test_seven_bit_encodings_are_not_taken_for_ascii():
    assert decode(JAPANESE.encode("iso2022_jp")).text == JAPANESE


def test_declared_codecs_that_are_no_charsets_are_ignored():
    assert decode(b"plain", declared=["rot13"]) == Decoded("plain")


def test_configured_encoding_is_law():
    assert decode("é".encode(), configured="latin-1") == Decoded("Ã©", "iso8859-1", "configured")
    with pytest.raises(EncodingError, match=r"ascii.*byte 1"):
        decode(b"a\xff", configured="ascii")


def test_bytes_of_no_encoding_say_what_to_do():
    with pytest.raises(EncodingError, match="set `encoding`"):
        decode(b"a few words with one odd byte \x81 among them")


@pytest.mark.parametrize(
    "head",
    [
        b'<html><meta charset="windows-1251">',
        b"<META HTTP-EQUIV=Content-Type CONTENT='text/html; charset=windows-1251'>",
        b'<?xml version="1.0" encoding="windows-1251"?><html>',
    ],
)
def test_html_declares_its_charset(head):
    assert declared_in_html(head) == "windows-1251"


@given(st.binary())
@settings(deadline=None)
def test_any_bytes_decode_or_are_an_encoding_error(data):
    try:
        found = decode(data)
    except EncodingError:
        return
    found.text.encode()  # has no surrogates
    assert codecs.lookup(found.encoding)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.integers(0, 200), max_size=4))
@settings(deadline=None)
def test_transcoding_does_not_depend_on_where_chunks_end(text, cuts):
    data = text.encode("utf-16-le")
    bounds = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(bounds)]
    assert b"".join(transcode(iter(chunks), "utf-16-le")) == text.encode()


def test_what_cannot_be_transcoded_becomes_invalid_utf8():
    (data,) = {b"".join(transcode(iter([b"a\0" + b"\x00\xd8" + b"b\0"]), "utf-16-le"))}
    with pytest.raises(UnicodeDecodeError):
        data.decode()


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        *(
            (label, "cp949")
            for label in ("ks_c_5601-1987", "euc-kr", "uhc", "cp949", "x-windows-949", "KSC5601", "ms949")
        ),
        *((label, "cp932") for label in ("shift_jis", "x-sjis", "windows-31j", "SJIS")),
        *((label, "gb18030") for label in ("gb2312", "gbk", "x-gbk", "gb_2312-80", "GB18030")),
        ("big5", "big5hkscs"),
        ("euc-jp", "euc_jp"),
        ("iso-2022-jp", "iso2022_jp_ext"),
        ("hz-gb-2312", "hz"),
        ("koi8-r", "koi8-r"),
        ("koi8-u", "koi8-u"),
        ("tis-620", "cp874"),
        ("windows-874", "cp874"),
        ("latin1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("iso-8859-9", "cp1254"),
        ("cp850", "cp850"),
    ],
)
def test_labels_name_the_encodings_that_browsers_use(label, codec):
    assert codec_of(label) == codec


@pytest.mark.parametrize("label", ["rot13", "base64", "utf-7", "cp037", "idna", "x-user-defined", "no such", ""])
def test_labels_of_nothing_that_extends_ascii_are_unknown(label):
    assert codec_of(label) is None


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        (JAPANESE.encode("euc_jp") + b"\xad\xa1\xad\xea", "euc-jp", JAPANESE + "①㈱"),
        ("値段".encode("gbk") + b" 5 \x80", "gbk", "値段 5 €"),
        ("價格".encode("big5") + b" 5 \xa3\xe1", "big5", "價格 5 €"),
        ("\x8e".encode("latin-1") + b"\xb1", "euc-jp", "ｱ"),
    ],
)
def test_characters_that_browsers_know_and_pythons_tables_lack(data, label, text):
    assert decode(data, declared=[label]).text == text


def test_the_first_declaration_that_fits_is_taken():
    found = decode(KOREAN.encode("cp949"), declared=[None, "no such encoding", "utf-8", "euc-kr", "koi8-r"])
    assert (found.text, found.encoding, found.source) == (KOREAN, "cp949", "declared")


def test_a_declaration_that_the_bytes_disprove_is_not_followed():
    found = decode((RUSSIAN * 20).encode("cp1251"), declared=["shift_jis"])
    assert (found.text, found.encoding, found.source) == (RUSSIAN * 20, "cp1251", "detected")


@pytest.mark.parametrize("text", [RUSSIAN, CZECH, JAPANESE, KOREAN], ids=["ru", "cs", "ja", "ko"])
@pytest.mark.parametrize("at", [40, 100, -30])
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xe3\x81", b"\x92"])
def test_a_bad_byte_in_utf8_is_a_replacement_character_and_the_rest_is_as_it_was(text, at, bad):
    data = (text * 3).encode()
    before = data[:at].decode(errors="ignore")
    found = decode(before.encode() + bad + b" " + data[len(before.encode()) :])
    assert found == Decoded(before + "\ufffd " + (text * 3)[len(before) :], "utf-8", "detected", undecodable=1)


@pytest.mark.parametrize("shift", range(4))
def test_little_utf8_far_before_a_bad_byte_is_still_utf8(shift):
    words = b"a \xe2\x80\x9cquote\xe2\x80\x9d" + b"x" * shift + b" and words of English" * 2_000 + " кот".encode()
    assert decode(words + b" \xff").undecodable == 1


def test_utf8_whose_last_character_is_cut_off_is_still_utf8():
    found = decode(RUSSIAN.strip(". ").encode()[:-1])
    assert (found.text, found.undecodable) == (RUSSIAN.strip(". ")[:-1] + "\ufffd", 1)


@pytest.mark.parametrize(
    ("text", "label", "bad"),
    [(JAPANESE, "shift_jis", b"\x85"), (KOREAN, "euc-kr", b"\xff"), (RUSSIAN, "windows-1251", b"\x98")],
)
def test_a_declared_encoding_with_a_bad_byte_is_that_encoding(text, label, bad):
    data = (text * 3).encode(codec_of(label))
    found = decode(data[:80] + bad + b" " + data[80:], declared=[label])
    assert (found.source, found.undecodable, found.text.count("\ufffd")) == ("declared", 1, 1)
    assert len(found.text) == len(text * 3) + 2


def test_bad_bytes_are_refused_when_configured():
    with pytest.raises(EncodingError, match=r"utf-8: invalid start byte at byte \d+$"):
        decode(RUSSIAN.encode() + b"\xff", undecodable="reject")


def test_more_bad_bytes_than_one_in_twenty_characters_are_refused():
    few, many = b"\xff".join([RUSSIAN.encode()] * 4), b"\xff".join([RUSSIAN[:18].encode()] * 40)
    assert decode(few, configured="utf-8").undecodable == 3
    with pytest.raises(EncodingError, match="the first of 39 places"):
        decode(many, configured="utf-8")


def test_a_single_odd_byte_in_much_ascii_costs_itself():
    words = b"many words of English " * 100
    expected = words.decode() + "\ufffd" + words.decode()
    assert decode(words + b"\x81" + words) == Decoded(expected, "utf-8", "detected", undecodable=1)


def test_replacement_characters_that_were_written_are_not_counted():
    found = decode(("\ufffd " + RUSSIAN).encode() + b"\xff")
    assert (found.text.count("\ufffd"), found.undecodable) == (2, 1)


def test_surrogates_encoded_one_by_one_are_joined():
    found = decode(b"a smile \xed\xa0\xbd\xed\xb8\x80 and more of the words that stand around it")
    assert (found.text[8], found.joined, found.undecodable) == ("\U0001f600", 1, 0)


@given(st.text(st.characters(max_codepoint=0x10FFFF)))
def test_no_surrogate_is_left_and_every_one_is_counted(text):
    whole, joined, lone = whole_characters(text)
    whole.encode()
    surrogates = sum("\ud800" <= character <= "\udfff" for character in text)
    assert surrogates == 2 * joined + lone
    assert whole.count("\ufffd") == text.count("\ufffd") + lone
    assert len(whole) == len(text) - joined


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.binary(max_size=3))
def test_what_is_replaced_is_what_is_counted(text, bad):
    try:
        found = decode(text.encode() + bad, configured="utf-8")
    except EncodingError:
        return
    assert (
        found.text.count("\ufffd") == (text.encode() + bad).decode(errors="ignore").count("\ufffd") + found.undecodable
    )

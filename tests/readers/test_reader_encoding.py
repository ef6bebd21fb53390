import codecs
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.readers.encoding import EncodingError, declared_in_html, decode, transcode

RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах. " * 3
CZECH = "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. " * 3
JAPANESE = "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。" * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(RUSSIAN, "koi8-r"), (RUSSIAN, "cp1251"), (CZECH, "cp1250"), (JAPANESE, "euc_jp"), (JAPANESE, "shift_jis")],
)
def test_legacy_encodings_are_detected(text, encoding):
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_decides_and_is_no_text(encoding):
    assert decode(CZECH.encode(encoding))[0] == CZECH


def test_utf8_wins_over_a_wrong_declaration():
    assert decode(CZECH.encode(), declared="iso-8859-1") == (CZECH, "utf-8")


def test_declaration_decides_what_detection_could_not():
    assert decode(b"na\xefve", declared="ISO-8859-1") == ("naïve", "cp1252")


def test_seven_bit_encodings_are_not_taken_for_ascii():
    assert decode(JAPANESE.encode("iso2022_jp"))[0] == JAPANESE


def test_declared_codecs_that_are_no_charsets_are_ignored():
    assert decode(b"plain", declared="rot13") == ("plain", "utf-8")


def test_configured_encoding_is_law():
    assert decode("é".encode(), configured="latin-1") == ("Ã©", "latin-1")
    with pytest.raises(EncodingError, match=r"ascii.*byte 1"):
        decode(b"a\xff", configured="ascii")


def test_utf8_with_a_cut_last_character_is_not_read_as_something_else():
    with pytest.raises(EncodingError, match="cut off"):
        decode("Все люди рождаются свободными".encode()[:-1])


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
        text, encoding = decode(data)
    except EncodingError:
        return
    assert isinstance(text, str)
    assert codecs.lookup(encoding)


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

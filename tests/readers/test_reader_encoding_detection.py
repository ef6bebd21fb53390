"""Text in the encodings of the world, without a word of which: what is found is what was written."""

import codecs
import re
import zipfile
from collections import Counter
from contextlib import suppress
from importlib import import_module

import pytest
from legacy_texts import CHINESE, FRENCH, GERMAN, GREEK, HEBREW, JAPANESE, KOREAN, RUSSIAN, TAIWANESE, THAI, WRITTEN

from pipelines.readers.encoding import decode
from pipelines.readers.encoding_detection import detect, is_mistaken
from pipelines.readers.undecodable import EncodingError


@pytest.mark.parametrize(("text", "encoding"), WRITTEN)
def test_a_sentence_is_found_as_it_was_written(text, encoding):
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("안녕하세요", "cp949"),
        ("공지사항", "cp949"),
        ("你好，世界", "gb18030"),
        ("新闻中心", "gb18030"),
        ("今天天氣很好", "big5"),
        ("こんにちは世界", "cp932"),
        ("お問い合わせ", "euc_jp"),
        ("Привет, мир", "cp1251"),
        ("Новости", "koi8-r"),
        ("Καλημέρα κόσμε", "cp1253"),
        ("שלום עולם", "cp1255"),
        ("café", "cp1252"),
        ("naïve", "cp1252"),
        ("Müller", "cp1252"),
    ],
)
def test_few_words_are_found_as_they_were_written(text, encoding):
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(("text", "encoding"), [(GERMAN, "cp850"), (FRENCH.replace("’", "'"), "cp437")])
def test_dos_code_pages_are_refused_rather_than_guessed(text, encoding):
    with pytest.raises(EncodingError, match="set `encoding`"):
        decode(text.encode(encoding))


def test_two_letters_that_may_be_anything_are_refused():
    with pytest.raises(EncodingError, match="perhaps"):
        decode("да".encode("cp1251"))


def test_markup_does_not_hide_the_language():
    page = "<html><head><title>x</title><style>p { margin: 0 }</style></head><body>%s</body></html>"
    filler = "<div class='menu'><a href='/index.php?id=7'>Home</a></div>" * 200
    assert decode((page % (filler + KOREAN)).encode("cp949")).encoding == "cp949"


@pytest.fixture(scope="module")
def declarations(shared_data):
    """Language and label -> the Declaration of Human Rights in it, as the corpus itself says it is encoded."""
    labels = {"Latin1": "cp1252", "Latin2": "cp1250", "Cyrillic": "cp1251", "UTF8": "utf-8-sig", "Turkish": "cp1254"}
    labels |= {"SJIS": "cp932", "EUC": "euc_jp", "GB2312": "gb18030", "Hebrew": "cp1255", "Greek": "iso8859-7"}
    labels |= {"Arabic": "cp1256", "Baltic": "iso8859-4"}
    found = {}
    with zipfile.ZipFile(shared_data / "udhr/udhr.zip") as archive:
        for info in archive.infolist():
            name = info.filename.removeprefix("udhr/")
            if encoding := labels.get(name.rpartition("-")[2]):
                text = archive.read(info).decode(encoding, "ignore")
                # fonts of their own, and encodings other than the name says, show as control characters
                if not re.search("[\x7f-\x9f]", text) and not name.startswith(("Latvian-Latin1", "Vlach")):
                    found[name] = text
    return found


# Languages, by the names of the files -> encodings made for them.
MADE_FOR = {
    r".*-Latin2|Polish|Czech|Hungarian|Slov|Croat": ("cp1250", "iso8859-2"),
    r"Russian|Ukrain|Belor|Bulgar|Macedon": ("cp1251", "koi8_r", "koi8_u", "iso8859-5", "cp866", "mac_cyrillic"),
    "Greek": ("cp1253", "iso8859-7"),
    "Hebrew": ("cp1255", "iso8859-8"),
    "Arabic|Farsi": ("cp1256", "iso8859-6"),
    "Turkish": ("cp1254",),
    "Lithuan|Estonian": ("cp1257", "iso8859-13"),
    "Chinese": ("gb18030", "gbk"),
    "Japan": ("euc_jp", "cp932"),
    "Korean": ("cp949",),
    ".*-Latin1": ("cp1252", "iso8859-15"),
}


@pytest.mark.parametrize(("length", "right", "wrong"), [(10_000, 0.96, 0.03), (300, 0.95, 0.015), (80, 0.95, 0.02)])
def test_the_declaration_of_human_rights_in_every_language_and_encoding(declarations, length, right, wrong):
    counts: Counter[str] = Counter()
    for name, whole in declarations.items():
        text = whole[300 : 300 + length]
        encodings = next((names for pattern, names in MADE_FOR.items() if re.match(pattern, name)), ())
        for data in {text.encode(encoding, "ignore") for encoding in encodings if _holds(encoding, text)}:
            counts[_found(data, text)] += 1
    assert counts["right"] >= right * counts.total() > 100, counts
    assert counts["wrong"] <= wrong * counts.total(), counts


def _holds(encoding, text):
    return text.encode(encoding, "ignore").decode(encoding) == text and not text.isascii()


def _found(data, text):
    try:
        encoding = detect(data)
    except EncodingError:
        return "refused"
    return "right" if data.decode(encoding, "replace") == text else "wrong"


def test_no_declaration_that_is_right_is_doubted(declarations):
    doubted = []
    for name, whole in declarations.items():
        encodings = next((names for pattern, names in MADE_FOR.items() if re.match(pattern, name)), ())
        for text in (whole, whole[300:600], whole[300:380]):
            for encoding in (codecs.lookup(encoding).name for encoding in encodings if _holds(encoding, text)):
                if is_mistaken(encoding, text.encode(encoding)):
                    doubted.append((name, encoding))
    assert doubted == []


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        (KOREAN, "cp949", "iso-8859-1"),
        (CHINESE, "gb18030", "iso-8859-1"),
        (TAIWANESE, "big5", "gb2312"),
        (JAPANESE, "shift_jis", "iso-8859-1"),
        (JAPANESE, "euc_jp", "shift_jis"),
        (RUSSIAN, "cp1251", "iso-8859-1"),
        (RUSSIAN, "koi8-r", "windows-1251"),
        (GREEK, "iso8859-7", "iso-8859-1"),
        (HEBREW, "cp1255", "windows-1252"),
        (THAI, "cp874", "iso-8859-1"),
        (FRENCH + GERMAN, "cp1252", "shift_jis"),
    ],
)
def test_text_that_another_encoding_was_declared_for_is_no_mojibake(text, encoding, declared):
    found = decode(text.encode(encoding), declared=[declared])
    assert (found.text, found.source) == (text, "detected")


@pytest.mark.parametrize(
    "before", [b"x" * 50_000, b"words " * 20_000, b"<div>" * 60_000], ids=["word", "words", "tags"]
)
def test_text_far_behind_ascii_is_found(before):
    assert decode(before + b" " + KOREAN.encode("cp949")).text.endswith(KOREAN)


@pytest.mark.parametrize("data", [b"\xe9", b"\xe9" * 50_000, b"x" * 50_000 + b"\xe9", b"<" * 50_000 + b"\xff"])
def test_bytes_without_a_word_are_something_or_refused(data):
    with suppress(EncodingError):
        assert codecs.lookup(detect(data))


@pytest.mark.parametrize(("text", "encoding"), [case for case in WRITTEN if case[1] not in ("hz", "iso2022_jp")])
@pytest.mark.parametrize("bad", [b"\xff", b"\x81"])
def test_a_bad_byte_does_not_turn_a_text_into_another_alphabet(text, encoding, bad):
    data = "\n".join([text] * 8).encode(encoding)
    for at in range(0, len(data), max(1, len(data) // 9)):
        lines = decode(data[:at] + bad + data[at:]).text.split("\n")
        assert sum(line == text for line in lines) >= 6


@pytest.mark.parametrize(
    "text",
    [
        "Copyright © 2004 by someone who wrote",
        "25 °C outside",
        "the café – bar",
        "“Hello” he said",
        "It’s fine",
        "• item",
        "Price: £20",
        "word—word and more",
        "10 €",
        "Acme™ tools",
        "1½ cups",
        "résumé",
        "piñata",
        "20 × 30",
    ],
)
def test_english_with_a_single_character_beyond_ascii_is_found_as_it_was_written(text):
    assert decode(text.encode("cp1252")).text == text


# Languages of spaCy's example sentences, by their codes -> encodings made for them.
SPOKEN_IN = {
    **dict.fromkeys(("cs", "pl", "sk", "hu", "hr", "sl"), ("cp1250", "iso8859-2")),
    **dict.fromkeys(("bg", "sr"), ("cp1251",)),
    **dict.fromkeys(("de", "fr", "es", "pt", "it", "sv", "da", "nb", "fi", "ca", "lb"), ("cp1252",)),
    "ru": ("cp1251", "koi8-r", "iso8859-5", "cp866"),
    "uk": ("cp1251", "koi8-u"),
    "el": ("cp1253", "iso8859-7"),
    "he": ("cp1255",),
    "ar": ("cp1256",),
    "tr": ("cp1254",),
    "lt": ("cp1257", "iso8859-13"),
    "ko": ("cp949",),
    "ja": ("cp932", "euc_jp"),
    "zh": ("gb18030",),
}


def test_single_sentences_of_many_languages_which_no_table_was_made_from():
    counts: Counter[str] = Counter()
    for language, encodings in SPOKEN_IN.items():
        for text in import_module(f"spacy.lang.{language}.examples").sentences:
            for data in {text.encode(encoding, "ignore") for encoding in encodings if _holds(encoding, text)}:
                counts[_found(data, text)] += 1
    assert counts["right"] >= 0.91 * counts.total() > 250, counts
    assert counts["wrong"] <= 0.04 * counts.total(), counts

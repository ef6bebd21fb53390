"""Words found chunk by chunk are the words that spaCy finds in the whole text."""

import random
import subprocess
import sys
import zipfile
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from tricky_text import texts

from pipelines.kernels.batch import TextBatch
from pipelines.words import spacy_rules
from pipelines.words.spacy_words import (
    MULTI_LANGUAGE,
    SPACY_LANGUAGES,
    SPLIT_BY_SPACY,
    spacy_language,
    split_chunks,
)
from pipelines.words.splitter import word_splitter

# UDHR file names, by language code: real text in many scripts.
UDHR = {
    "de": "German_Deutsch-Latin1", "fr": "French_Francais-Latin1", "es": "Spanish-Latin1", "it": "Italian-Latin1",
    "hu": "Hungarian_Magyar-UTF8", "el": "Greek_Ellinika-UTF8", "hi": "Hindi-UTF8", "he": "Hebrew_Ivrit-UTF8",
    "fa": "Farsi_Persian-UTF8", "tr": "Turkish_Turkce-UTF8", "uk": "Ukrainian-UTF8",
    "cs": "Czech-UTF8", "ko": "Korean_Hankuko-UTF8", "vi": "Vietnamese-UTF8",
}  # fmt: skip


def words(text: str, language: str) -> list[str]:
    found = word_splitter(language)([text])
    return [found.vocabulary.strings[word] for word in found.ids]


@cache
def blank(code: str) -> spacy.Language:
    return spacy.blank(code)


def spacy_words_by_chunk(chunks: list[str], language: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for token in blank(spacy_language(language)).tokenizer("\n".join(chunks)):
        if token.text == "\n":
            found.append([])
        else:
            found[-1].append(token.text)
    return found


def spacy_words(text: str, language: str) -> list[str]:
    tokens = blank(spacy_language(language)).tokenizer(text)
    return [token.text.strip() for token in tokens if token.text.strip()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can't", ["ca", "n't"]),
        ("cannot", ["can", "not"]),
        ("gonna", ["gon", "na"]),
        ("e-mail", ["e", "-", "mail"]),
        ("(Hello, world!)", ["(", "Hello", ",", "world", "!", ")"]),
        ("at 10 a.m.", ["at", "10", "a.m."]),
    ],
)
def test_english_words_are_not_what_stands_between_spaces(text, expected):
    assert words(text, "en") == expected


@given(text=texts)
def test_words_of_any_text_are_those_of_spacy(text):
    assert words(text, "en") == spacy_words(text, "en")


@settings(max_examples=40)
@given(language=st.sampled_from(["de", "cs", "es", "pl", "ru", "xx"]), text=texts)
def test_words_in_other_languages_are_those_of_spacy(language, text):
    assert words(text, language) == spacy_words(text, language)


# Pieces of words that the rules of many languages look at: affixes, infixes, special cases, addresses.
_LISTING = """
    a A b é É ß ж Ж 中 ا 1 12 2019 km ° C $ US$ € % . .. ... … , : ; ! ? ( ) [ ] { } < > / \\ - -- – — ' ’ '' " ` „ »
    * + = _ # & @ can't d'un l' qu' z.B. a.m. A.B. e.g. :-) :) (: o_O <3 C++ don't aujourd'hui droit-de-l'homm entr'a
    anti-é saint- www. http:// example.com 192.168.0.1 8.8.8.8 a@b.cd :8080 x.y.zz ☃ ́ 'll -t-il y'all bzw. u.s.w.
    Rp -nya -ku <br/> </b> -jevega -ovca -ovcax d' D’ ~
"""
_PIECES = _LISTING.split()
chunks = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=7).map("".join)


_LANGUAGES = "en de fr es it pt ru nl pl cs sv hu tr el ca bn id ms sl lb xx"


@pytest.mark.parametrize("language", _LANGUAGES.split())
def test_chunks_made_of_awkward_pieces_are_cut_as_spacy_cuts_them(language):
    """Thousands of chunks of a fixed seed; all but a few are split by the kernel."""
    draw = random.Random(20260722)
    sample = list(dict.fromkeys("".join(draw.choices(_PIECES, k=draw.randint(1, 6))) for _ in range(3000)))
    found = split_chunks(TextBatch.from_strings(sample), language)
    strings, ends = found.words.strings(), np.cumsum(found.counts)
    cut = [strings[end - count : end] for end, count in zip(ends, found.counts, strict=True)]
    expected = spacy_words_by_chunk(sample, language)
    assert [pair for pair in zip(cut, expected, strict=True) if pair[0] != pair[1]] == []


@settings(max_examples=200)
@given(language=st.sampled_from(["en", "de", "fr", "es", "el", "hu", "ca", "id", "sl", "lb"]), chunk=chunks)
def test_awkward_chunks_are_cut_as_spacy_cuts_them(language, chunk):
    assert split_chunks(TextBatch.from_strings([chunk]), language).words.strings() == spacy_words(chunk, language)


# What an infix's assertions look at: the currency behind a hyphen, a hyphenated ending, an elided article.
_ASSERTED = {
    "id": ["a", "Rp", "U", "US$", "C$", "S$", "$", "£", "-", "/", "1", "%", '"', ".", ","],
    "ms": ["a", "RM", "RMB", "U", "US$", "C$", "₽", "-", "/", "1", "%", '"', ".", ")"],
    "sl": ["B", "-", "--", "—", "a", "jev", "e", "jevega", "evskemu", "o", "v", "ovcih", "im", "1", "/", "."],
    "lb": ["d", "D", "d'", "D’", "'", "’", "(", ",", "a", "Land", "1", "--", "."],
}
asserted = st.sampled_from(sorted(_ASSERTED)).flatmap(
    lambda language: st.tuples(
        st.just(language), st.lists(st.sampled_from(_ASSERTED[language]), min_size=1, max_size=8).map("".join)
    )
)


@settings(max_examples=200)
@given(case=asserted)
def test_infixes_that_look_several_characters_around_them_cut_as_spacy_cuts(case):
    language, chunk = case
    assert split_chunks(TextBatch.from_strings([chunk]), language).words.strings() == spacy_words(chunk, language)


@pytest.mark.parametrize(
    ("language", "chunk", "expected"),
    [
        ("id", "harga/Rp", ["harga", "/", "Rp"]),
        ("id", "harga-US$5", ["harga", "-", "US$5"]),
        ("ms", "harga-£5", ["harga", "-", "£5"]),
        ("ms", "harga-☃5", ["harga-", "☃", "5"]),
        ("sl", "BTC-jevega", ["BTC-jevega"]),  # an ending, and nothing behind it
        ("sl", "BTC-jevegax", ["BTC", "-", "jevegax"]),
        ("lb", "d'Land", ["d'", "Land"]),
        ("lb", "ad'Land", ["ad'Land"]),  # not at the beginning
    ],
)
def test_assertions_about_several_characters_decide_where_words_end(language, chunk, expected):
    assert words(chunk, language) == expected == spacy_words(chunk, language)


def test_special_cases_are_found_over_words_longest_first():
    for chunk in ("x):)", "(a.)", "foo/a.m.", "b:(:-):)", "--:)--:-)", "(merge):", ":):):):)"):
        assert words(chunk, "en") == spacy_words(chunk, "en"), chunk


@pytest.mark.parametrize(
    "chunk",
    [
        f"(https://example.org/{'a' * 80}/b-c.html),",
        f"https://{'a' * 63}.example.org",
        f"https://{'a' * 64}.example.org/x-y",  # no address: the label is too long
        "(8.8.8.8)",
        "10.1.1.1/x-y",  # no address: a private network
        "http://172.16.0.1/a-b",
        "http://172.15.0.1/a-b",
        "user:pass@192.168.1.1:80",
        "1.2.3.4.example.com/(a-b)",
    ],
)
def test_addresses_beyond_the_tables_are_told_apart_by_the_expression(chunk):
    for language in ("en", "fr", "ru"):
        assert words(f"one {chunk} two,", language) == ["one", *spacy_words(chunk, language), "two", ","]


octets = st.one_of(
    st.integers(0, 300).map(str), st.sampled_from(["10", "127", "169", "254", "192", "168", "172", "16"])
)
labels = st.one_of(
    st.sampled_from(["www", "example", "a-b", "é", "x_y", "1", "A"]), st.integers(60, 66).map(lambda size: "a" * size)
)
hosts = st.one_of(
    st.lists(octets, min_size=3, max_size=5).map(".".join),
    st.builds("{}.{}".format, st.lists(labels, max_size=3).map(".".join), st.sampled_from(["com", "de", "Z", "рф"])),
)
schemes = st.sampled_from(["", "", "http://", "svn+ssh://", "mailto:", "a@", "user:pass@", "(", "'"])
paths = st.sampled_from(["", ":80", ":8", "/", "/a-b.html", "?q=1/2", "#x", "/" + "a/b-c" * 15, ")", ",", "...", "'s"])
addresses = st.builds("{}{}{}{}".format, schemes, hosts, paths, paths)


@settings(max_examples=300)
@given(language=st.sampled_from(["en", "de", "fr", "es", "hu", "xx"]), chunk=addresses)
def test_what_looks_like_an_address_is_cut_as_spacy_cuts_it(language, chunk):
    assert split_chunks(TextBatch.from_strings([chunk]), language).words.strings() == spacy_words(chunk, language)


@settings(max_examples=30)
@given(smileys=st.lists(st.sampled_from([":)", ":):", "):", ":-)", "(:", "a.m."]), min_size=60, max_size=300))
def test_any_number_of_special_cases_in_one_chunk_is_cut_as_spacy_cuts_them(smileys):
    chunk = "".join(smileys)
    assert split_chunks(TextBatch.from_strings([chunk]), "en").words.strings() == spacy_words(chunk, "en")


def test_spacy_is_not_imported_where_the_tables_are_kept():
    text = "can't 8.8.8.8 10.1.1.1 (https://example.org/" + "a" * 80 + ") " + ":)" * 100
    expected = {language: words(text, language) for language in ("en", "fr")}
    program = f"""
import sys
from pipelines.words.splitter import word_splitter
for language, expected in {expected!r}.items():
    found = word_splitter(language)([{text!r}])
    assert [found.vocabulary.strings[word] for word in found.ids] == expected
assert "spacy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("module", ["symbols", "expressions", "automata", "special_cases", "splitting"])
def test_tables_of_another_program_are_not_read(module, monkeypatch, tmp_path):
    before = spacy_rules._place("en")
    changed = tmp_path / "changed.py"
    changed.write_text("another program")
    monkeypatch.setattr(import_module(f"pipelines.words.{module}"), "__file__", str(changed))
    spacy_rules._state.cache_clear()
    after = spacy_rules._place("en")
    spacy_rules._state.cache_clear()
    assert before != after


def test_tables_are_kept_and_read_again(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    made = spacy_rules.rules("xx")
    monkeypatch.setattr(spacy_rules, "_compile", None)
    read = spacy_rules.rules("xx")
    for left, right in zip(spacy_rules._flatten(made), spacy_rules._flatten(read), strict=True):
        np.testing.assert_array_equal(left, right)
    assert [path.name[:9] for path in tmp_path.iterdir()] == ["words-xx-"]


def test_damaged_tables_are_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    spacy_rules._place("xx").write_bytes(b"PK\x03\x04 and no more")
    assert spacy_rules.rules("xx").tables.longest_url > 0


def test_words_of_speeches_are_those_of_spacy(shared_data):
    for archive in sorted((shared_data / "speeches").glob("*.zip")):
        for name, text in list(read(archive).items())[::12]:
            assert words(text, "en") == spacy_words(text, "en"), name


def test_words_of_wikipedia_are_those_of_spacy(shared_data):
    text = (shared_data / "wikitext2" / "test.txt").read_text("utf-8")[:400_000]
    assert words(text, "en") == spacy_words(text, "en")


@pytest.mark.parametrize("language", UDHR)
def test_words_of_many_scripts_are_those_of_spacy(shared_data, language):
    names = read(shared_data / "udhr" / "udhr.zip")
    text = next((text for name, text in names.items() if Path(name).name == UDHR[language]), None)
    if text is None:
        pytest.skip(f"no {UDHR[language]} in udhr.zip")
    assert words(text, language) == spacy_words(text, language)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("en", "en"), ("no", "nb"), ("ko", "xx"), ("ceb", "xx"), ("", "xx"), (None, "xx")],
)
def test_languages_without_rules_of_their_own_share_the_multi_language_rules(code, expected):
    assert spacy_language(code) == expected
    assert word_splitter(code) is word_splitter(expected)


@pytest.mark.parametrize("language", [*sorted(SPACY_LANGUAGES - {"fr"}), MULTI_LANGUAGE])
def test_every_listed_language_splits_without_further_packages(language):
    assert split_chunks(TextBatch.from_strings(["one", "(two)"]), language).counts.tolist() == [1, 3]


@pytest.mark.parametrize("language", [*sorted(SPACY_LANGUAGES), MULTI_LANGUAGE])
def test_languages_are_left_to_spacy_only_where_tables_cannot_say_their_rules(language):
    assert (spacy_rules.rules(language) is None) == (language in SPLIT_BY_SPACY)


def test_a_special_case_across_a_space_does_not_hide_another():
    """The one known difference from spaCy on whole texts."""
    text = "( :x-he'd"
    assert spacy_words(text, "en") == ["(", ":", "x", "-", "he'd"]
    assert words(text, "en") == ["(", ":x", "-", "he'd"] == spacy_words(text.replace(" ", "\n"), "en")


def test_text_in_many_languages_is_forgotten_language_by_language(monkeypatch):
    monkeypatch.setattr("pipelines.words.splitter.CHUNKS_OF_ALL_LANGUAGES", 100)
    monkeypatch.setattr("pipelines.words.splitter._INTERNERS", interners := {})
    for language in ("en", "de", "cs", "en"):
        text = " ".join(f"{language}-{number}" for number in range(60))
        assert words(text, language) == spacy_words(text, language)
    assert {language: len(interner) for language, interner in interners.items()} == {"en": 60, "de": 0, "cs": 60}


def read(archive: Path) -> dict[str, str]:
    """Name -> text of every file; UDHR names end in their encoding."""
    found = {}
    with zipfile.ZipFile(archive) as files:
        for name in sorted(files.namelist()):
            if not name.endswith("/"):
                encoding = "latin-1" if name.endswith("Latin1") else "utf-8"
                found[name] = files.read(name).decode(encoding, errors="replace")
    return found

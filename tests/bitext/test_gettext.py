"""PO and MO catalogues: headers, plurals, contexts, flags, charsets. GNU gettext's own tools are not needed."""

import struct

import pytest
from bitext.pair_sources import pairs, records, rejects, source, write

from pipelines.bitext.readers.po import messages

HEADER = (
    'msgid ""\nmsgstr ""\n"Project-Id-Version: x\\n"\n"Language: de\\n"\n"Content-Type: text/plain; charset={}\\n"\n\n'
)
CATALOGUE = (
    HEADER.format("UTF-8")
    + """# translator
#: file.c:7
#, c-format
msgid "%d file"
msgid_plural "%d files"
msgstr[0] "%d Datei"
msgstr[1] "%d Dateien"

msgctxt "menu"
msgid "Open"
msgstr "Öffnen"

#, fuzzy, c-format
#| msgid "Closing"
msgid "Close"
msgstr "Schließend"

msgid ""
"One line\\n"
"another \\"line\\"\\t."
msgstr ""
"Eine Zeile\\n"
"eine \\"andere\\"\\t."

msgid "Untranslated"
msgstr ""

#~ msgid "Old"
#~ msgstr "Alt"
"""
)


@pytest.fixture
def catalogue(tmp_path):
    return write(tmp_path / "de.po", CATALOGUE)


def test_messages_are_pairs_the_header_is_none(catalogue):
    assert pairs(source(catalogue)) == [
        ("%d file", "%d Datei"),
        ("%d files", "%d Dateien"),
        ("Open", "Öffnen"),
        ('One line\nanother "line"\t.', 'Eine Zeile\neine "andere"\t.'),
    ]


def test_positions_number_the_records(catalogue):
    assert [each.position for each in records(source(catalogue))] == list(range(7))


def test_context_flags_and_plural_forms_stay_in_meta(catalogue):
    found = records(source(catalogue))
    assert [each.meta for each in found[:3]] == [
        {"flags": "c-format", "plural_form": "0"},
        {"flags": "c-format", "plural_form": "1"},
        {"context": "menu"},
    ]


def test_fuzzy_obsolete_and_untranslated_messages_are_rejects_with_their_line(catalogue):
    found = rejects(source(catalogue))
    assert [each.reason for each in found] == ["fuzzy", "untranslated", "obsolete"]
    assert "line 21" in found[0].detail
    assert found[2].sample == b"Old"


def test_fuzzy_messages_can_be_asked_for(catalogue):
    assert ("Close", "Schließend") in pairs(source(catalogue, fuzzy=True))


def test_a_language_with_one_form_has_it_with_the_plural(tmp_path):
    text = HEADER.format("UTF-8").replace("Language: de", "Language: ja")
    text += 'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d ファイル"\n'
    assert pairs(source(write(tmp_path / "ja.po", text), languages=("en", "ja"))) == [("%d files", "%d ファイル")]


@pytest.mark.parametrize("charset", ["ISO-8859-1", "UTF-8", "CP1252"])
def test_the_charset_of_the_header_is_used(tmp_path, charset):
    text = HEADER.format(charset) + 'msgid "Open"\nmsgstr "Öffnen"\n'
    assert pairs(source(write(tmp_path / "de.po", text.encode(charset)))) == [("Open", "Öffnen")]


def test_a_charset_whose_characters_hold_a_backslash_byte(tmp_path):
    text = HEADER.format("SHIFT_JIS").replace("de", "ja") + 'msgid "table"\nmsgstr "表示\\n表"\n'
    assert pairs(source(write(tmp_path / "ja.po", text.encode("shift_jis")), languages=("en", "ja"))) == [
        ("table", "表示\n表")
    ]


def test_a_catalogue_in_another_language_is_one_reject(tmp_path):
    text = HEADER.format("UTF-8").replace("Language: de", "Language: fr") + 'msgid "Open"\nmsgstr "Ouvrir"\n'
    (reject,) = records(source(write(tmp_path / "fr.po", text)))
    assert reject.reason == "missing_language"
    assert "in fr, not in de" in reject.detail


def test_a_broken_line_is_one_reject_and_the_next_message_is_read(tmp_path):
    text = HEADER.format("UTF-8") + 'msgid "One"\nmsgstr "Eins\n\nmsgid "Two"\nmsgstr "Zwei"\n'
    config = source(write(tmp_path / "de.po", text))
    assert pairs(config) == [("Two", "Zwei")]
    assert [each.reason for each in rejects(config)] == ["malformed_catalogue"]


def test_messages_need_no_blank_line_between_them():
    found = [each.forms[0] for each in messages('msgid "a"\nmsgstr "b"\nmsgid "c"\nmsgstr "d"\n')]
    assert found == ["b", "d"]


def mo(entries, order="<"):
    """A catalogue as msgfmt writes it: sorted, without hash table."""
    entries = sorted(entries)
    keys, values, strings = b"", b"", b""
    start = 28 + 16 * len(entries)
    for side in (0, 1):
        for entry in entries:
            place = struct.pack(f"{order}II", len(entry[side]), start + len(strings))
            keys, values = (keys + place, values) if side == 0 else (keys, values + place)
            strings += entry[side] + b"\0"
    head = struct.pack(f"{order}7I", 0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, start)
    return head + keys + values + strings


ENTRIES = [
    (b"", b"Language: de\nContent-Type: text/plain; charset=ISO-8859-1\n"),
    (b"menu\x04Open", "Öffnen".encode("latin-1")),
    (b"%d file\0%d files", b"%d Datei\0%d Dateien"),
    (b"Nothing", b""),
]


@pytest.mark.parametrize("order", "<>")
def test_compiled_catalogues_hold_the_same_pairs_in_either_byte_order(tmp_path, order):
    config = source(write(tmp_path / "de.mo", mo(ENTRIES, order)))
    assert pairs(config) == [("%d file", "%d Datei"), ("%d files", "%d Dateien"), ("Open", "Öffnen")]
    assert [each.reason for each in rejects(config)] == ["untranslated"]
    assert records(config)[-1].meta == {"context": "menu"}


def test_a_compiled_catalogue_with_an_offset_beyond_its_end_is_a_reject(tmp_path):
    whole = mo(ENTRIES)
    (reject,) = rejects(source(write(tmp_path / "de.mo", whole[: len(whole) - 12])))[-1:]
    assert reject.reason == "malformed_catalogue"


def test_a_file_that_is_no_compiled_catalogue_is_one_reject(tmp_path):
    (reject,) = records(source(write(tmp_path / "de.mo", b"no catalogue at all, but long enough")))
    assert reject.reason == "malformed_catalogue"

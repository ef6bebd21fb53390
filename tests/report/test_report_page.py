"""The page stands alone, shows hostile text as text, and says what is missing."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hand_made_lake import HOSTILE_URI

from jobs.report import write
from jobs.report.collect import collect
from jobs.report.page import render, seconds, short, steps, visible
from lake.lake import Lake

VOID = {"wbr", "meta", "input", "br", "rect", "line", "path", "img"}


class Page(HTMLParser):
    """Elements, attributes and text of a page; refuses tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.text += data


@pytest.fixture(scope="module")
def page(data):
    return Page(render(data))


def test_every_tag_is_closed(page):
    assert page.open == []


def test_nothing_on_the_page_runs(page):
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "iframe", "object", "embed", "img", "link", "form", "base"})
    assert [name for _, attributes in page.elements for name in attributes if name.startswith("on")] == []


def test_nothing_is_loaded(data, page):
    links = [value for _, attributes in page.elements for name, value in attributes.items() if name in ("href", "src")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "url(" not in render(data)
    assert "@import" not in render(data)


def test_links_lead_somewhere(page):
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {attributes["href"][1:] for tag, attributes in page.elements if tag == "a"} <= ids


def test_hostile_text_is_shown_as_text(page):
    assert "<script>alert('text')</script> &" in page.text
    assert HOSTILE_URI in page.text
    assert "<b>unexpected</b> end" in page.text


def test_control_characters_are_shown_as_pictures(page):
    assert "\x00" not in page.text
    assert "\u202e" not in page.text
    assert "left␀ end" in page.text


@pytest.mark.parametrize("text", ["plain\n\ttext", "Zwölf Boxkämpfer", "漢字", "مرحبا"])
def test_ordinary_text_is_shown_as_it_is(text):
    assert visible(text) == text


def test_each_distribution_is_there_with_its_thresholds(data):
    html = render(data)
    known = [measure for measure in data.measures if any(measure.all.counts)]
    assert len(known) > 20
    assert html.count('class="plot histogram"') == len(known) + 1 + len(data.sequences)
    assert "drop &lt; 50" in html  # the base threshold
    assert "drop &lt; 40" in html  # German has its own


def test_a_measure_that_no_document_has_is_not_drawn(data):
    assert next(measure for measure in data.measures if measure.name == "http_status").missing == 32
    assert "http_status" not in render(data)


def test_stages_that_have_not_run_are_named(young_lake):
    text = Page(render(collect(young_lake))).text
    for stage in ("clean", "dedup", "tokenize", "pack"):
        assert f"{stage} has not run" in text
    assert "ingest has not run" not in text


def test_the_funnel_ends_with_what_is_kept(data):
    bars = steps(data)
    assert [(bar.label, bar.documents, bar.before) for bar in bars] == [
        ("read", 34, 0),
        ("rejected: could not become a document", 2, 32),
        ("dropped by gopher_quality", 4, 28),
        ("duplicate: exact", 2, 26),
        ("kept", 26, 0),
    ]


def test_lineage_follows_the_way_of_the_data(data):
    lineage = render(data).partition('id="lineage"')[2].partition("</section>")[0]
    names = ["inputs", "documents", "rejects", "measures", "decisions", "duplicates", "clean_documents", "tokens"]
    places = [lineage.index(f'mono">{name}<') for name in [*names, "sequences_causal"]]
    assert places == sorted(places)


def test_a_broken_invariant_is_announced(data):
    broken = replace(data.invariants[0], left=35)
    text = Page(render(data.model_copy(update={"invariants": (broken,)}))).text
    assert "Does not hold: rows read = documents + rejects (35 ≠ 34)" in text


def test_rewriting_has_a_column_for_each_pass_that_changed_a_text(data):
    table = render(data).partition('id="rewriting"')[2].partition("<table>")[2].partition("</table>")[0]
    columns = re.findall('scope="col"[^>]*>([^<]+)<', table)
    assert columns == [
        "language",
        "documents",
        "rewritten",
        "characters read",
        "c4_lines",
        "pii",
        "delivered",
        "removed",
    ]
    assert re.findall('"name">([^<]+)<', table) == ["en", "de"]


def test_a_language_that_lost_more_than_the_limit_is_announced(data):
    assert "Rewriting removed" not in Page(render(data)).text
    strict = data.model_copy(update={"rewrite_limit": 0.05})
    said = re.search(
        "Rewriting removed ([0-9.]+) % of the characters of de, over the limit of 5.0 %", Page(render(strict)).text
    )
    assert float(said[1]) > 5


def test_the_same_lake_gives_the_same_bytes(hand_made_lake, data):
    path = write(hand_made_lake)
    first = hand_made_lake.storage.read_text("report/index.html")
    assert path.endswith("/report/index.html")
    assert first == render(data)
    assert hand_made_lake.storage.read_text("report/report.json") == data.model_dump_json(indent=1)


def test_a_folder_without_tables_is_an_error_that_says_what_to_do(engine, tmp_path):
    with pytest.raises(FileNotFoundError, match="tokenlake run"):
        write(Lake(str(tmp_path), engine))


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (9999, "9,999"), (12345, "12.3 k"), (1234567, "1.23 M"), (5e9, "5.00 G")]
)
def test_large_numbers_have_three_digits(number, shown):
    assert short(number) == shown


@pytest.mark.parametrize(("number", "shown"), [(None, "–"), (2.34, "2.3 s"), (75, "1 min 15 s"), (7260, "2 h 01 min")])
def test_durations_are_told_as_people_do(number, shown):
    assert seconds(number) == shown

"""The extractor `blocks`: which blocks a page has, which of them are kept, and what becomes of hostile pages."""

import gzip
from contextlib import suppress

import numpy as np
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extraction.blocks import read
from pipelines.extraction.evidence import WEIGHTS, evidence
from pipelines.extraction.extract import extract
from pipelines.extraction.extractors import ExtractionTimeoutError, main_text
from pipelines.extraction.main_blocks import main_text_of_blocks
from pipelines.extraction.names import Place

ARTICLE = """<html><head><title>Cats</title></head><body>
<header><nav><ul><li><a href="/">Home</a><li><a href="/about">About us</a></ul></nav></header>
<div class="cookie-banner"><p>We use cookies to improve your experience on this site.</p></div>
<main><article><h1>Of cats</h1>
<p>The cat is a small carnivorous mammal. It has lived with people for ten thousand years, and in all that time it has
not once come when it was called.</p>
<p>Cats sleep between twelve and <b>sixteen</b> hours a day; the rest they spend looking out of windows.</p>
<ul><li>They are fond of boxes, of paper, and of whatever someone else would like to sit on.</li>
<li>They are not fond of closed doors, of water, or of being carried to the veterinarian.</li></ul>
<table><tr><th>Breed</th><th>Weight in kilograms</th></tr>
<tr><td>Siamese</td><td>between three and five</td></tr></table>
<pre>def call(cat):
    return None  # as it has always been, and as it will be</pre>
</article></main>
<aside class="related"><h2>Related</h2><ul><li><a href="/dogs">Ten facts about dogs</a></ul></aside>
<footer><p>Copyright, imprint, cookies</p></footer></body></html>"""

CHINESE = (
    """<html><body><nav><a href="/">首页</a> <a href="/x">关于我们</a></nav><main><h1>猫</h1><p>"""
    """猫是一种小型食肉哺乳动物。一万年来，它一直与人类生活在一起，但从来没有人叫它的时候它就过来。</p><p>"""
    """猫每天睡十二到十六个小时；其余的时间它们用来看窗外，或者坐在别人想坐的地方。</p></main>"""
    """<footer><a href="/c">版权所有</a></footer></body></html>"""
)


def blocks(markup: str) -> list[str]:
    """The texts of the blocks."""
    page = read(markup)
    texts = [""] * len(page.words)
    for _, value, block in page.events:
        if block >= 0:
            texts[block] += value
    return texts


def test_block_level_elements_end_a_block_and_inline_elements_do_not():
    assert blocks("<body><div>one <b>two</b> three<p>four<br>five</p>six</div></body>") == [
        "one two three",
        "fourfive",
        "six",
    ]


def test_scripts_comments_and_white_space_are_no_text():
    assert blocks(
        "<body><script>a < b; '<p>no</p>'</script><!-- <p>no</p> --><p> </p><p>&nbsp;</p><p>yes</p></body>"
    ) == ["yes"]


def test_what_is_for_readers_without_scripts_counts_where_there_is_hardly_anything_else():
    assert blocks("<body><noscript><p>enable scripts</p></noscript>" + "<p>yes</p>" * 50 + "</body>") == ["yes"] * 50
    assert blocks("<body><div>Loading</div><noscript><p>all of the thread</p></noscript></body>") == [
        "Loading",
        "all of the thread",
    ]


def test_a_form_or_a_class_around_the_whole_page_says_nothing_of_its_parts():
    whole = read(ARTICLE.partition("<body>")[2].join(["<body class='cookie modal'><form id=nav>", "</form></body>"]))
    assert not (whole.places & int(Place.FORM)).any()
    part = read("<body><form><p>Your name</p></form>" + "<p>A text of some length.</p>" * 5 + "</body>")
    assert (part.places & int(Place.FORM)).tolist() == [int(Place.FORM), 0, 0, 0, 0, 0]


def test_words_count_where_they_stand():
    page = read('<body><p>one <a href="/">two three</a></p><p>猫每天睡</p></body>')
    assert (page.words.tolist(), page.linked.tolist()) == ([3, 3], [2, 0])


@given(
    st.recursive(
        st.just("x"), lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"<div>{''.join(parts)}</div>")
    )
)
def test_the_elements_of_a_page_are_a_tree_in_document_order(markup):
    page = read(f"<body>{markup}</body>")
    for element in range(1, len(page.parent)):
        parent = page.parent[element]
        assert parent < element < page.end[element] <= page.end[parent]


def test_each_weight_has_its_evidence_and_each_evidence_its_weight():
    found = evidence(read(ARTICLE))
    assert list(found) == list(WEIGHTS)
    assert all(np.isfinite(column).all() for column in found.values())


@pytest.fixture(scope="module")
def article() -> str:
    return main_text_of_blocks(ARTICLE)


def test_main_text_is_kept(article):
    for text in ("Of cats", "small carnivorous mammal", "twelve and sixteen hours", "of paper", "def call(cat)"):
        assert text in article


def test_navigation_banners_and_footers_are_not(article):
    for text in ("Home", "About us", "cookies", "Ten facts", "Copyright"):
        assert text not in article


def test_lists_tables_and_code_stay_readable(article):
    lines = article.splitlines()
    assert any(line.strip().startswith("•") and "fond of boxes" in line for line in lines)
    assert any("Siamese" in line and "between three and five" in line for line in lines)
    assert "def call(cat):\n    return None" in article


def test_text_without_spaces_is_main_text_too():
    text = main_text_of_blocks(CHINESE)
    assert "食肉哺乳动物" in text
    assert "猫每天睡" in text
    assert "关于我们" not in text
    assert "版权所有" not in text


def test_the_page_of_a_real_archive_becomes_its_article(shared_data):
    with gzip.open(shared_data / "common-crawl" / "whirlwind.warc.gz") as archive:
        (page,) = [record.reader.read() for record in ArchiveIterator(archive, record_types=WarcRecordType.response)]
    text = main_text(page.decode(), "blocks")
    assert "Escopete" in text
    assert "<div" not in text


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<",
        "\0",
        "a < b & c > d",
        "<table>" * 500,
        "</p>" * 5000,
        "<a " * 5000,
        "<svg>" * 3000,
        "<p a\"b='>'>x",
        "<!--" * 5000,
        "<plaintext>" + "<script " * 5000,
        "<xmp>" + "<script>" * 5000 + "</xmp>x",
        "<p " + '"' * 20_000 + ">x",
    ],
)
def test_no_markup_breaks_the_extractor(page):
    assert isinstance(extract(page, "blocks", 60), str)


@given(st.text(st.sampled_from("<>/\"'=&; abpdivscrt!-\n"), max_size=200))
def test_no_soup_of_tags_breaks_it_either(page):
    assert isinstance(main_text_of_blocks(page), str)


def test_deep_nesting_ends_in_time_or_is_stopped():
    with suppress(ExtractionTimeoutError):
        assert "x" in extract("<div>x" * 60_000, "blocks", 1.0)
    assert "carnivorous" in extract(ARTICLE, "blocks", 60)

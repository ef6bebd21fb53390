"""Plots say what the figures say, at their place, and are well-formed whatever the labels."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.report import plots
from jobs.report.bins import COUNT, SHARE
from jobs.report.data import Flow
from jobs.report.plots import Limit, Step

LABELS = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


def rectangles(image: str, kind: str) -> list[tuple[float, float]]:
    """(start, width) in per cent of the rectangles of a class."""
    found = []
    for each in ElementTree.fromstring(image).iter("rect"):
        if each.get("class") == kind:
            found.append((float((each.get("x") or "0").rstrip("%")), float((each.get("width") or "0").rstrip("%"))))
    return found


@given(LABELS, st.integers(0, 10**12))
def test_any_label_gives_a_well_formed_image(label, documents):
    for image in (plots.funnel([Step(label, documents, 0, "kept")]), plots.bars(label, {label: documents}, label)):
        ElementTree.fromstring(image)


def test_a_loss_hangs_where_the_bar_above_it_ends():
    image = plots.funnel([Step("read", 200, 0, "kept"), Step("rejected", 50, 150, "rejected")])
    assert rectangles(image, "kept") == [(0, 100)]
    assert rectangles(image, "rejected") == [(75, 25)]


def test_fates_share_the_whole_width():
    flow = Flow(documents=9, rejected=1, dropped={"c4.curly_bracket": 2}, duplicates={"exact": 3}, kept=4)
    image = plots.fates(flow)
    assert [rectangles(image, kind) for kind in ("kept", "duplicate", "dropped", "rejected")] == [
        [(0, 40)],
        [(40, 30)],
        [(70, 20)],
        [(90, 10)],
    ]


def test_what_fails_is_drawn_apart_from_what_passes():
    values = SHARE.histogram({10: 5, 40: 7})  # 0.18 … 0.20 and 0.78 … 0.80
    root = ElementTree.fromstring(plots.histograms("m", [(values, [Limit(0.5, ">")])]))
    paths = {path.get("class"): path.get("d") for path in root.iter("path")}
    assert paths["kept"].startswith("M9.06 ")
    assert paths["dropped"].startswith("M39.06 ")


@pytest.mark.parametrize(("threshold", "place"), [(0.0, 0.0), (0.51, 50.0), (1.02, 100.0)])
def test_the_threshold_stands_at_its_value(threshold, place):
    image = plots.histograms("m", [(SHARE.histogram({1: 1}), [Limit(threshold, ">")])])
    assert float(re.search(r'<line x1="([\d.]+)%"[^>]*class="limit"', image)[1]) == pytest.approx(place)


def test_a_logarithmic_axis_begins_with_the_zeros():
    image = plots.histogram("tokens", COUNT.histogram({0: 3, 1: 4}))
    assert image.index(">0<") < image.index(">10<") < image.index(">1M<")
    assert "M0.06" in image


@pytest.mark.parametrize(
    ("comparison", "failing"),
    [(">", [9, 1e9]), ("<", [0, 1]), ("<=", [0, 1]), ("is zero", [0]), ("is true", [9, 1e9])],
)
def test_a_limit_fails_what_its_rule_drops(comparison, failing):
    assert [value for value in (0, 1, 9, 1e9) if Limit(5, comparison).fails(value)] == failing


def test_thresholds_are_told_in_words_too():
    image = plots.histograms("words", [(COUNT.histogram({20: 9}), [Limit(50, "<")])])
    assert "9 values." in image
    assert "Rule: drop &lt; 50." in image


def test_clusters_are_binned_by_doubling_sizes():
    assert plots.cluster_bins({2: 10, 3: 5, 4: 1, 7: 1, 8: 2, 1500: 1}) == {
        "2": 10,
        "3": 5,
        "4–7": 2,
        "8–15": 2,
        "1,024–2,047": 1,
    }


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_a_share_is_never_rounded_to_nothing_or_to_all(part, more):
    shown = plots.percent(part, part + more)
    assert shown not in ("0 %", "0.0 %", "100 %", "100.0 %")

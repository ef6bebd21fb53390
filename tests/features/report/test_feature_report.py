"""The page about features stands alone, and says of each view what a reader must know."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from features.catalogue.catalogue import CATALOGUE
from features.consistency.answer import Answer
from features.consistency.comparison import History, Judgement, Row, Terms, Verdict, judge
from features.consistency.limits import Limits, failures
from features.consistency.record import Check, record
from features.consistency.tally import Tally
from features.definition.value_type import ValueType
from features.definition.view import EVENT_TIMESTAMP, Expectation
from features.plan import Plan
from features.quality.baseline import pin
from features.quality.current_rows import current_rows
from jobs.cli import main
from jobs.feature_report.collect import collect, expected
from jobs.feature_report.data import FeatureReport, MaterializedFigures, ViewFigures
from jobs.feature_report.page import duration, render
from lake.lake import Lake
from tests.features import feature_lake
from tests.features.feature_lake import DAY, START

NOW = int((START + 5 * DAY).timestamp()) * 1_000_000
HOSTILE = "<script>alert('tier')</script>"


class Page(HTMLParser):
    """Tags, links and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        found = dict(attributes)
        self.links += [found[name] for name in ("href", "src") if name in found]
        self.ids |= {found["id"]} if "id" in found else set()

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Hand-made histories without the use of clients; 300 more clients, and a baseline of all."""
    made = feature_lake.write(tmp_path, {view.name for view in CATALOGUE.views} - {"client_usage"})
    profiles = [{"client_id": f"client-{at}", "tier": "free", "requests_per_minute": at} for at in range(300)]
    feature_lake.append(made, "client_profile", [{**each, EVENT_TIMESTAMP: START} for each in profiles])
    for view in CATALOGUE.views:
        if (current := current_rows(made, view)) is not None:
            pin(made, view, current, NOW)
    return made


def view_of(data: FeatureReport, name: str) -> ViewFigures:
    """The figures of a view."""
    return next(view for view in data.views if view.name == name)


def break_tiers(lake: Lake) -> None:
    """Gives 200 clients a tier that there is none of."""
    rows = [{"client_id": f"client-{at}", "tier": HOSTILE, EVENT_TIMESTAMP: START + DAY} for at in range(200)]
    feature_lake.append(lake, "client_profile", rows)


def test_a_view_has_its_rows_entities_and_newest_event(lake: Lake) -> None:
    view = view_of(collect(lake, CATALOGUE, NOW), "source_quality")
    assert (view.rows, view.entities, view.version) == (4, 2, 0)
    assert view.newest_event == START + 2 * DAY
    assert view.fresh_share == 0.5  # the books are older than 90 days
    assert view.max_age_seconds == 90 * 86400


def test_views_without_rows_are_named(lake: Lake) -> None:
    data = collect(lake, CATALOGUE, NOW)
    assert data.absent == ("client_usage",)
    assert "No rows yet: client_usage" in Page(render(data)).text


def test_what_has_drifted_and_what_breaks_expectations_is_an_alarm(lake: Lake) -> None:
    assert collect(lake, CATALOGUE, NOW).alarms == {}
    break_tiers(lake)
    data = collect(lake, CATALOGUE, NOW)
    tier = next(feature for feature in view_of(data, "client_profile").features if feature.name == "tier")
    assert tier.drift.startswith("stability index ")
    assert tier.breaches == ("200 of 302 are not among free, standard, premium",)
    assert data.alarms == {"client_profile": ["current values break 1 expectations", "2 of 4 features have drifted"]}


def test_shares_of_categories_stand_beside_those_of_the_baseline(lake: Lake) -> None:
    break_tiers(lake)
    view = view_of(collect(lake, CATALOGUE, NOW), "client_profile")
    tier = next(feature for feature in view.features if feature.name == "tier")
    shown = {each.name: (round(each.share, 3), round(each.baseline or 0, 3)) for each in tier.categories}
    assert shown == {"free": (0.334, 0.997), "premium": (0.003, 0.003), "all others": (0.662, 0.0)}


def test_the_last_check_is_shown(lake: Lake) -> None:
    missing = Answer(NOW, "p", None, "client_profile", {"client_id": "acme"}, {}, None, {"tier": None}, {"tier": 3})
    history = History([Row(0, 0, {"tier": "free"})], None)
    tally = Tally()
    tally.add(missing, judge(history, missing, {"tier": ValueType.STRING}, Terms(NOW, 0, 0)))
    record(lake, Check("first", NOW, "log", 0, "p", Tally(tally.features), failures(tally, Limits())))
    record(lake, Check("second", NOW + 1_000_000, "log", 0, "p", tally, failures(tally, Limits())))
    data = collect(lake, CATALOGUE, NOW)
    (check,) = view_of(data, "client_profile").checks
    assert (check.compared, check.wrong, check.failures) == (1, 1, 1)
    assert check.checked_at == START + 5 * DAY + timedelta(seconds=1)
    assert data.alarms == {"client_profile": ["online and offline differ (log: 1 of 1 values)"]}


def test_checks_of_computed_features_are_shown(lake: Lake) -> None:
    answer = Answer(NOW, "p", "translation_request", "client_allowance", {}, {}, None, {"remaining_characters": 1}, {})
    tally = Tally()
    tally.add(answer, {"remaining_characters": Judgement(Verdict.MISMATCH, 1, 2)})
    record(lake, Check("only", NOW, "store", 0, "p", tally, failures(tally, Limits())))
    data = collect(lake, CATALOGUE, NOW)
    assert data.alarms == {"client_allowance": ["online and offline differ (store: 1 of 1 values)"]}
    assert "client_allowance" in Page(render(data)).text


def test_what_is_behind_online_is_an_alarm(lake: Lake) -> None:
    states = {
        "client_profile": MaterializedFigures(version=0, up_to=START),
        "source_quality": MaterializedFigures(version=0, up_to=START),
    }
    data = collect(lake, CATALOGUE, NOW, states, "valkey")
    assert data.alarms == {"client_profile": ["version 0 of 1 is online"]}
    assert "not materialized" in Page(render(data)).text


def test_the_page_loads_and_runs_nothing(lake: Lake) -> None:
    html = render(collect(lake, CATALOGUE, NOW))
    page = Page(html)
    assert page.tags.isdisjoint({"script", "iframe", "object", "embed", "img", "link", "form", "base"})
    assert {link[1:] for link in page.links} <= page.ids
    assert all(link.startswith("#") for link in page.links)
    assert "url(" not in html


def test_hostile_values_are_shown_as_text(lake: Lake) -> None:
    break_tiers(lake)
    for view in CATALOGUE.views:
        lake.storage.delete(f"features/baselines/{view.name}.json")
    assert HOSTILE in Page(render(collect(lake, CATALOGUE, NOW))).text


def test_the_command_asks_the_online_store(lake: Lake, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    lake.storage.write_text("features/plan.json", Plan.of(CATALOGUE).to_json())
    main(["features", "materialize", lake.root, "source_quality", "--online", store])
    assert main(["features", "report", lake.root, "--online", store]) == 0
    figures = json.loads((Path(lake.root) / "features/report/report.json").read_text())
    data = FeatureReport.model_validate(figures)
    assert {view.name for view in data.views if view.materialized} == {"source_quality"}
    capsys.readouterr()


def test_a_store_that_is_away_is_left_out(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "report", lake.root, "--online", "valkey://127.0.0.1:1/0"]) == 0
    assert "tells nothing about the online store" in capsys.readouterr().err
    data = FeatureReport.model_validate_json((Path(lake.root) / "features/report/report.json").read_text())
    assert data.online is None


def test_the_command_writes_page_and_figures(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["features", "report", lake.root]) == 0
    page = Path(capsys.readouterr().out.strip())
    assert page == Path(lake.root) / "features/report/index.html"
    assert re.search("<h1>Features of", page.read_text())
    figures = json.loads(page.with_name("report.json").read_text())
    assert FeatureReport.model_validate(figures).lake == lake.root


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        (Expectation(), ""),
        (Expectation(minimum=0, maximum=1, required=True), "not null; 0 to 1"),
        (Expectation(minimum=1), "at least 1"),
        (Expectation(maximum=9.5), "at most 9.5"),
        (Expectation(allowed=("a", "b")), "a, b"),
    ],
)
def test_expectations_have_words(expect: Expectation, words: str) -> None:
    assert expected(expect) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (12, "12 s"),
        (119, "119 s"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (86400, "24 hours"),
        (4e6, "46 days"),
        (-60, "in 60 s"),
    ],
)
def test_durations_have_one_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words

"""Tables say ratio, goal and whether it is met; measured commands say what they took."""

import sys

import pytest

from benchmarks import results
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.process import FailedError, run
from benchmarks.results import Row


def some_benchmark() -> None:
    """Something is measured.

    What the figure
    includes.
    """


ROWS = [Row("rate", "docs/s", 100.0, 50.0, "peer", goal=3.0), Row("time", "s", 40.0, goal=45)]


@pytest.fixture
def outcome():
    return results.outcome("some", some_benchmark, ROWS, {"library": "1.2"}, 3.0)


@pytest.mark.parametrize(
    ("row", "ratio", "met"),
    [
        (Row("rate", "docs/s", 100.0, 50.0, "peer", goal=2.0), 2.0, True),
        (Row("rate", "docs/s", 100.0, 50.0, "peer", goal=2.5), 2.0, False),
        (Row("time", "s", 10.0, 50.0, "peer", goal=4.0, lower_is_better=True), 5.0, True),
        (Row("time", "s", 44.0, goal=45), None, True),
        (Row("time", "s", 46.0, goal=45), None, False),
        (Row("time", "s", 46.0), None, None),
    ],
)
def test_a_ratio_says_how_many_times_better_ours_is(row, ratio, met):
    assert (row.ratio, row.met) == (ratio, met)


def test_markdown_has_the_docstring_the_table_and_the_circumstances(outcome):
    text = outcome.markdown()
    assert (
        "### Something is measured\n\nWhat the figure includes.\n\n| what | ours | peer | ratio | goal | met |" in text
    )
    assert "| rate | 100 docs/s | 50 (peer) | 2.00× | ≥ 3× | **no** |" in text
    assert "| time | 40 s |  |  | ≤ 45 | yes |" in text
    assert "library 1.2" in text
    assert f"commit {outcome.commit}" in text


def test_a_newer_outcome_takes_the_place_of_the_same_benchmark(outcome, tmp_path):
    other = results.outcome("other", some_benchmark, ROWS, {}, 1.0)
    results.save(tmp_path, "quick", [outcome, other])
    newer = results.outcome("some", some_benchmark, ROWS[:1], {}, 2.0)
    assert results.load(results.save(tmp_path, "quick", [newer])) == [newer, other]


def test_tables_go_between_the_markers_of_their_profile(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "a\n<!-- quick: begin -->\nold\n<!-- quick: end -->\nb\n<!-- full: begin -->\nc\n<!-- full: end -->"
    )
    results.write(page, "quick", "new")
    expected = "a\n<!-- quick: begin -->\n\nnew\n\n<!-- quick: end -->\nb\n<!-- full: begin -->\nc\n<!-- full: end -->"
    assert page.read_text() == expected


def test_a_page_without_markers_is_an_error(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("")
    with pytest.raises(ValueError, match="markers"):
        results.write(page, "quick", "new")


def test_a_command_is_held_to_its_cores_and_its_time_is_seen():
    work = "import os, time; sum(range(20_000_000)); time.sleep(1.2); print(len(os.sched_getaffinity(0)))"
    finished = run([sys.executable, "-c", work], cores=1)
    assert finished.output.strip() == "1"
    assert finished.seconds > 1.2
    assert finished.cpu_seconds > 0


def test_a_command_that_fails_says_what_it_said_last():
    with pytest.raises(FailedError, match=r"(?s)exit status 3.*the reason"):
        run([sys.executable, "-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"], cores=1)


def test_every_benchmark_says_what_its_figure_includes(capsys):
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(BENCHMARKS)
    assert all(len((function.__doc__ or "").strip().splitlines()) > 2 for function in BENCHMARKS.values())

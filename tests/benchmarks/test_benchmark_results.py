"""Tables say ratio, goal and whether it is met; measured commands say what they took."""

import sys
from dataclasses import replace

import pytest

from benchmarks import lakes, results
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.lakes import Lake
from benchmarks.process import FailedError, Finished, run
from benchmarks.results import Found, Goal, Row, Run, goals_table
from benchmarks.setting import Setting, corpus_of


def some_benchmark() -> None:
    """Something is measured.

    What the figure
    includes.
    """


ROWS = [Row("rate", "docs/s", 100.0, 50.0, "peer", goal=3.0), Row("time", "s", 40.0, goal=45)]
RUNS = [
    Run("100 pages", "tokenlake, sail", 4.0, 6.0, 512.0, 100, 90, ours=True),
    Run("100 pages", "tokenlake, spark", 8.0, 12.0, 1536.0, 100, 90, ours=True),
    Run("100 pages", "peer", 10.0, 15.0, 256.0, 100, 91, inner=9.0),
    Run("200 pages", "peer", 20.0, 15.0, 256.0, 200, 181),
]
GOALS = [
    Goal("times peer", "sail", 2.5, "×", least=2),
    Goal("whole command", "sail", 4.0, "s", most=3, aim=2),
]


@pytest.fixture
def outcome():
    return results.outcome("some", some_benchmark, Found(ROWS, RUNS, GOALS, {"library": "1.2"}), 3.0)


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
    assert "### Something is measured\n\nWhat the figure includes.\n\n| input | command | wall s | work s |" in text
    assert "\n\n| what | ours | peer | ratio | goal | met |" in text
    assert "| rate | 100 docs/s | 50 (peer) | 2.00× | ≥ 3× | **no** |" in text
    assert "| time | 40 s |  |  | ≤ 45 | yes |" in text
    assert "library 1.2" in text
    assert f"commit {outcome.commit}" in text


def test_whole_commands_are_compared_with_the_first_of_ours_on_the_same_input(outcome):
    text = outcome.markdown()
    assert "| 100 pages | tokenlake, sail | 4 |  | 6 | 1.50 | 0.50 | 100 | 90 |  |" in text
    assert "| 100 pages | tokenlake, spark | 8 |  | 12 | 1.50 | 1.50 | 100 | 90 | 2.00× |" in text
    assert "| 100 pages | peer | 10 | 9 | 15 | 1.50 | 0.25 | 100 | 91 | 2.50× |" in text
    assert "| 200 pages | peer | 20 |  | 15 | 0.75 | 0.25 | 200 | 181 |  |" in text


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal("ratio", "sail", 15.0, "×", least=15), True),
        (Goal("ratio", "sail", 14.9, "×", least=15), False),
        (Goal("time", "sail", 6.0, "s", most=6), True),
        (Goal("time", "sail", 6.1, "s", most=6, aim=4), False),
    ],
)
def test_a_goal_is_met_at_its_bound_and_missed_beyond(goal, met):
    assert goal.met is met


def test_goals_of_all_benchmarks_are_one_table(outcome):
    lines = goals_table([outcome, outcome]).splitlines()
    assert lines[0] == "| what | goal | engine | measured | met |"
    assert lines[2] == "| times peer | ≥ 2× | sail | 2.5× | yes |"
    assert lines[3] == "| whole command | ≤ 3 s (aim 2) | sail | 4 s | **no** |"
    assert len(lines) == 6


def test_without_goals_there_is_no_table():
    assert goals_table([results.outcome("some", some_benchmark, Found(ROWS), 1.0)]) == ""


def test_a_newer_outcome_takes_the_place_of_the_same_benchmark(outcome, tmp_path):
    other = results.outcome("other", some_benchmark, Found(ROWS), 1.0)
    results.save(tmp_path, "quick", [outcome, other])
    newer = results.outcome("some", some_benchmark, Found(ROWS[:1], RUNS[:1], GOALS[:1]), 2.0)
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


@pytest.mark.parametrize(("size", "expected"), [(100, ("trial", 2)), (1_250, ("quick", 2)), (36_000, ("full", 8))])
def test_a_size_is_the_first_parts_of_the_smallest_corpus_that_has_them(size, expected):
    assert corpus_of(size) == expected


@pytest.mark.parametrize("size", [7, 40_000])
def test_a_size_that_no_parts_of_a_corpus_have_is_an_error(size):
    with pytest.raises(ValueError, match=f"{size} pages"):
        corpus_of(size)


def test_the_quick_profile_takes_all_engines_at_the_largest_size_only(tmp_path):
    setting = Setting("quick", tmp_path, tmp_path, 2, ("sail", "spark"), (1_250, 5_000))
    assert [setting.engines_at(size) for size in setting.sizes] == [("sail",), ("sail", "spark")]
    assert replace(setting, profile="full").engines_at(1_250) == ("sail", "spark")


def test_a_command_of_ours_names_its_engine_unless_that_is_the_default(tmp_path, monkeypatch):
    commands = []

    def fake(command, cores, environment):
        commands.append([str(word) for word in command[1:]])
        return Finished(2.0, 3.0, 100.0, "", '{"event": "stage_finished", "stage": "clean", "seconds": 1.5}\n')

    monkeypatch.setattr(lakes, "run", fake)
    for engine in ("sail", "default"):
        took = Lake(tmp_path / "lake", 2, engine).configure(clean={"policy": "none"}).stage("clean")
    file = str(tmp_path / "lake.yaml")
    assert commands[0] == ["-m", "jobs", "stage", "clean", file, "--engine", "sail", "--log-json"]
    assert commands[1] == ["-m", "jobs", "stage", "clean", file, "--log-json"]
    assert (took.stages, took.around, took.peak_mb) == ({"clean": 1.5}, 0.5, 100.0)


def test_every_benchmark_says_what_its_figure_includes(capsys):
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(BENCHMARKS)
    assert all(len((function.__doc__ or "").strip().splitlines()) > 2 for function in BENCHMARKS.values())

"""The text that Prometheus reads."""

import subprocess
import sys
from pathlib import Path

import pytest
from exposition_reader import values
from promtool import promtool

from jobs.metrics.catalogue import ALL, RUNS, SCRAPE_SUCCESS, TABLE_ROWS
from jobs.metrics.exposition import line, not_read, text
from jobs.metrics.metric import Sample

sys.path.insert(0, str(Path(__file__).parents[1] / "kubernetes"))


def test_quotes_backslashes_and_line_ends_in_labels_are_escaped():
    [sample] = TABLE_ROWS(3, table='a"b\\c\nd')
    assert line(sample, "s3://b/l") == 'tokenlake_table_rows{lake="s3://b/l",table="a\\"b\\\\c\\nd"} 3'


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (1e300, "1e+300"), (0.1, "0.1"), (float("nan"), "NaN"), (float("inf"), "+Inf"), (-2.0, "-2")],
)
def test_numbers(value, written):
    assert line(Sample(SCRAPE_SUCCESS, {}, value), "l").rpartition(" ")[2] == written


def test_a_metric_refuses_other_labels_than_its_own():
    with pytest.raises(ValueError, match="stage"):
        RUNS(1, stage="clean")


def test_an_unknown_value_is_left_out():
    assert TABLE_ROWS(None, table="documents") == []


def test_the_samples_of_a_metric_stand_together_under_its_help_and_type():
    samples = [*TABLE_ROWS(1, table="a"), *SCRAPE_SUCCESS(1), *TABLE_ROWS(2, table="b")]
    assert [each.split("{")[0] for each in text(samples, "l").splitlines()] == [
        f"# HELP tokenlake_scrape_success {SCRAPE_SUCCESS.about}",
        "# TYPE tokenlake_scrape_success gauge",
        "tokenlake_scrape_success",
        f"# HELP tokenlake_table_rows {TABLE_ROWS.about}",
        "# TYPE tokenlake_table_rows gauge",
        "tokenlake_table_rows",
        "tokenlake_table_rows",
    ]


def test_an_earlier_text_stays_when_the_lake_could_not_be_read():
    earlier = text([*SCRAPE_SUCCESS(1), *TABLE_ROWS(7, table="a")], "l")
    after = values(not_read(earlier, "l"))
    assert after == {("tokenlake_scrape_success", ()): 0.0, ("tokenlake_table_rows", (("table", "a"),)): 7.0}
    assert values(not_read("", "l")) == {("tokenlake_scrape_success", ()): 0.0}


def test_promtool_finds_no_fault_in_the_figures_of_a_lake(lake, said):
    status, found = promtool(["check", "metrics"], stdin=said(lake))
    assert (status, found) == (0, "")


def test_promtool_finds_no_fault_in_any_metric_of_the_catalogue():
    samples = [each for metric in ALL for each in metric(1, **dict.fromkeys(metric.labels, "x"))]
    status, found = promtool(["check", "metrics"], stdin=text(samples, "l"))
    assert (status, found) == (0, "")


def test_a_wrong_file_would_be_found():
    assert promtool(["check", "metrics"], stdin="tokenlake_table_rows{table=a} 3\n")[0] != 0


def test_the_module_of_the_writer_needs_no_library():
    program = "import sys, jobs.metrics.exposition; print('prometheus_client' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "False"

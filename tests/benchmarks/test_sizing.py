"""The sizing model: its arithmetic, what it predicts of measured runs, and the simulation of near duplicates."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sizing import buckets, figures, fragments, page, simulate
from benchmarks.sizing.__main__ import main
from benchmarks.sizing.check import predictions
from benchmarks.sizing.model import GB, TB, Assumptions, Figures, Line, Skew, Stage, TableSize, fit, plan, split_bytes
from jobs.config import RunConfig
from jobs.kubernetes.values import Values
from pipelines.dedup.components import labels

STAGE = Stage(Line(10, 1e-6), shuffled=0.5, local=0.7, worker_mb=400, executor_jvm_mb=900, driver_mb=200)
TABLES = {name: TableSize(1e-4, 0.5) for name in ("documents", "measures", "signatures", "clean_documents", "tokens")}
FIGURES = Figures({"ingest": STAGE, "dedup": STAGE}, TABLES, tokens=0.2)
SKEW = Skew(members=1e-9, seconds=1e-3)
COLLECTIONS = (
    "documents grouped",
    "edges connected",
    "input files known",
    "splits planned",
    "data files listed",
    "data files reported",
)
ROWS = dict.fromkeys(COLLECTIONS, 1000.0)


def planned(size, hours=6.0, **assumed):
    return plan(FIGURES, SKEW, ROWS, 0.07, size, hours, Assumptions(**assumed))


@given(st.floats(0, 1e3), st.floats(1e-9, 1e3))
def test_a_line_through_points_of_a_line_is_that_line(fixed, slope):
    xs = [1.0, 2.0, 4.0, 8.0]
    found = fit(xs, [fixed + slope * x for x in xs])
    assert found.fixed == pytest.approx(fixed, abs=1e-6 * (fixed + slope))
    assert found.slope == pytest.approx(slope, rel=1e-4, abs=1e-6 * (fixed + slope))


def test_a_line_has_no_negative_part():
    assert fit([1, 2, 4, 8], [1, 3, 7, 15]).fixed == 0
    assert fit([1, 2, 4, 8], [4, 3, 2, 1]).slope == 0


def test_points_that_give_no_line_are_refused():
    with pytest.raises(ValueError, match="two points"):
        fit([1.0], [1.0])


@given(st.floats(1e9, 1e14), st.floats(1.1, 10))
def test_work_grows_in_proportion_to_the_input_beyond_what_is_fixed(size, factor):
    small, large = planned(size), planned(factor * size)
    for stage in set(small.core_hours) & set(large.core_hours):
        fixed = STAGE.cpu.fixed / 3600
        assert large.core_hours[stage] - fixed == pytest.approx(factor * (small.core_hours[stage] - fixed), rel=1e-6)
    assert large.lake_bytes == pytest.approx(factor * small.lake_bytes)
    assert large.tokens == pytest.approx(factor * small.tokens)


@given(st.floats(1e9, 1e14), st.floats(1.5, 10))
def test_more_input_never_takes_less(size, factor):
    small, large = planned(size), planned(factor * size)
    for name in (
        "cost",
        "paid_core_hours",
        "executors",
        "lake_bytes",
        "split_bytes",
        "batch_bytes",
        "longest_task_hours",
    ):
        assert getattr(large, name) >= getattr(small, name) * 0.999, name


@given(st.floats(1e9, 1e14), st.floats(2, 100))
def test_a_plan_keeps_within_its_hours_while_no_single_task_takes_longer(size, hours):
    found = planned(size, hours)
    if found.longest_task_hours < 0.5 * hours - 0.1:
        assert found.hours <= hours * 1.001


def test_twice_the_price_is_twice_the_cost_and_half_the_efficiency_more_cores():
    base = planned(TB)
    assert planned(TB, price=0.1).cost == pytest.approx(2 * planned(TB, price=0.05).cost)
    assert planned(TB, efficiency=0.35).executors >= 2 * base.executors - 1


def test_duplicates_are_grouped_by_shuffles_beyond_the_limit_of_the_driver():
    few, many = planned(5 * GB), planned(50 * GB)  # half a million signed documents, five million
    assert (few.is_distributed, many.is_distributed) == (False, True)
    assert few.driver_parts["documents grouped"] == pytest.approx(5e5 * 1000)
    assert many.driver_parts["documents grouped"] == 0
    assert planned(10 * TB).driver_parts["edges connected"] == planned(100 * TB).driver_parts["edges connected"]


def test_the_longest_task_is_waited_for():
    slow = plan(FIGURES, replace(SKEW, members=1e-3), ROWS, 0.07, TB, 6.0)
    assert slow.longest_task_hours == pytest.approx(1e-3 * 1e8 * 1e-3 / 3600)
    assert slow.hours >= slow.longest_task_hours


def test_an_input_is_read_by_about_ten_thousand_tasks():
    assert split_bytes(GB) == 8 << 20
    assert 5_000 <= TB / split_bytes(TB) <= 10_000
    assert split_bytes(1e17) == 1 << 30


@pytest.mark.parametrize(("share", "size"), [(0.5, 2), (0.25, 6), (0.9, 3)])
def test_thinning_keeps_the_expected_members(share, size):
    found = simulate.thinned({size: 100}, share)
    assert simulate.members(found, least=1) == pytest.approx(100 * size * share)
    assert simulate.pairs(found) == pytest.approx(simulate.pairs({size: 100}) * share**2)


def test_thinning_is_what_a_random_sample_gives():
    generator = np.random.default_rng(7)
    groups = np.repeat(np.arange(3000), generator.integers(1, 9, 3000))
    whole = buckets.histogram(groups)
    sample = buckets.histogram(groups[generator.random(len(groups)) < 0.3])
    expected = simulate.thinned(whole, 0.3)
    assert simulate.members(expected) == pytest.approx(simulate.members(sample), rel=0.05)
    assert simulate.thinned(whole, 1.0) == {size: pytest.approx(number) for size, number in whole.items()}


def test_the_tail_of_a_power_law_is_found_again():
    sizes = np.floor(np.random.default_rng(3).pareto(2.5, 200_000) * 5 + 5).astype(int)
    values, counts = np.unique(sizes, return_counts=True)
    found = simulate.tail_index(dict(zip(values.tolist(), counts.tolist(), strict=True)), 20)
    assert found == pytest.approx(2.5, rel=0.1)


def test_a_tail_of_few_groups_is_refused():
    with pytest.raises(ValueError, match="ten are needed"):
        simulate.tail_index({2: 1000, 30: 3}, 10)


def test_edges_are_neighbours_in_a_bucket_and_each_pair_counts_once():
    keys = np.array([[1, 5], [1, 5], [1, 6], [2, 7]])
    left, right = buckets.edges(keys)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 1), (1, 2)]


@pytest.mark.parametrize("length", [2, 10, 1000])
def test_the_rounds_that_are_counted_end_with_the_components_that_scipy_finds(length):
    names = np.random.default_rng(length).permutation(length)
    vertex, parent = np.maximum(names[:-1], names[1:]), np.minimum(names[:-1], names[1:])
    for _ in range(buckets.rounds(names[:-1], names[1:])):
        assert not buckets._are_stars(vertex, parent)
        vertex, parent = buckets._small_star(*buckets._large_star(vertex, parent))
    assert buckets._are_stars(vertex, parent)
    smallest = labels(names[:-1], names[1:], length)
    assert dict(zip(vertex.tolist(), parent.tolist(), strict=True)) == {
        name: root for name, root in enumerate(smallest.tolist()) if name != root
    }


def test_rounds_grow_with_the_logarithm_of_a_chain():
    few, many = simulate.rounds_of_chain(100), simulate.rounds_of_chain(100_000)
    assert few < many <= few + math.log2(1000)


@pytest.fixture(scope="module")
def measured():
    return figures.load()


def test_the_committed_figures_have_several_sizes_of_each(measured):
    assert ("pages", "spark") in figures.combinations(measured, least=2)
    assert figures.combinations(measured)  # three sizes, of which two predict the third
    assert sorted(map(int, measured["buckets"])) == [1, 2, 4, 8]


def test_the_model_predicts_the_largest_measured_run(measured):
    found = predictions(measured)
    assert len(found) >= 4
    assert [str(each) for each in found if not each.holds] == []


def test_the_check_notices_a_run_that_took_another_time(measured, tmp_path, capsys):
    import copy
    import json

    wrong = copy.deepcopy(measured)
    for workload, engine in figures.combinations(wrong):
        for stage in figures.runs(wrong, workload, engine)[-1]["stages"].values():
            stage["cpu_seconds"] *= 2
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(wrong))
    assert main(["--figures", str(file), "--check"]) == 1
    assert "! pages" in capsys.readouterr().out


def test_the_simulation_gives_the_measured_buckets_of_smaller_corpora(measured):
    largest = measured["buckets"]["8"]
    whole = {int(size): number for size, number in largest["buckets"].items()}
    for parts in ("1", "2", "4"):
        part = measured["buckets"][parts]
        real = {int(size): number for size, number in part["buckets"].items()}
        expected = simulate.thinned(whole, part["documents"] / largest["documents"])
        for size in (2, 3):
            spread = 4 * math.sqrt(real[size]) + 0.05 * real[size]  # buckets of one document come together, 14 at most
            assert abs(expected[size] - real[size]) < 3 * spread


def test_every_size_of_the_page_has_values_that_render_accepts(measured):
    text = page.PAGE.read_text(encoding="utf-8")
    found = re.findall(r"```yaml\n# (values|pipeline)\.yaml\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in found] == ["values", "pipeline"] * len(page.SIZES)
    for name, content in found:
        (Values if name == "values" else RunConfig).model_validate(yaml.safe_load(content))


def test_the_page_holds_what_the_figures_give(measured):
    text = page.PAGE.read_text(encoding="utf-8")
    for name, section in page.sections(measured, Assumptions()).items():
        assert f"<!-- {name}: begin -->\n\n{section}\n\n<!-- {name}: end -->" in text


def test_a_plan_for_a_size_says_what_to_set(capsys):
    assert main(["--size", "2TB", "--hours", "8"]) == 0
    said = capsys.readouterr().out
    chosen = yaml.safe_load(said.partition("# values file\n")[2].partition("# pipeline\n")[0])
    assert Values.model_validate(chosen).jobs.dedup.executor.max > 1


@pytest.mark.parametrize("wrong", [["--size", "2 parsecs"], ["--figures", "absent.json", "--check"]])
def test_misuse_exits_with_2_and_says_what_is_wrong(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2
    assert wrong[1] in capsys.readouterr().err


def test_scratch_and_memory_leave_room():
    found = planned(TB)
    assert fragments.scratch_gib(found) * 2**30 >= 3 * found.local_per_executor
    heap, overhead = fragments.driver_memory(found)
    assert int(overhead[:-1]) > found.driver_gb
    assert int(heap[:-1]) >= 4

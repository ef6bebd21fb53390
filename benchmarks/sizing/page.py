"""The tables of docs/operations/sizing.md, and a plan for one size as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import results
from benchmarks.process import REPOSITORY
from benchmarks.sizing import figures, fragments, growth_page
from benchmarks.sizing.check import predictions
from benchmarks.sizing.markdown import count, size, table
from benchmarks.sizing.model import GB, HOUR, TB, Assumptions, Plan, plan

PAGE = REPOSITORY / "docs" / "operations" / "sizing.md"

SIZES: Sequence[tuple[float, float]] = ((100 * GB, 2), (TB, 8), (10 * TB, 24), (100 * TB, 96))
"""Bytes of input, and the hours that it may take."""


def write(measured: Mapping[str, Any], assumed: Assumptions) -> None:
    """Puts every table between its markers."""
    for name, text in sections(measured, assumed).items():
        results.write(PAGE, name, text)


def sections(measured: Mapping[str, Any], assumed: Assumptions) -> dict[str, str]:
    """Marker -> Markdown."""
    plans = [planned(measured, "pages", *each, assumed) for each in SIZES]
    return {
        "answer": _plans(plans),
        "one terabyte": _arithmetic(measured, planned(measured, "pages", *SIZES[1], assumed), assumed),
        "stages": _stages(measured),
        "check": _check(measured),
        "anchors": _anchors(measured),
        "driver": growth_page.driver(measured),
        "distributions": growth_page.distributions(measured["buckets"]),
        "growth": growth_page.growth(measured),
        "values": _values(plans),
        "circumstances": _circumstances(measured),
    }


def planned(
    measured: Mapping[str, Any], workload: str, input_bytes: float, hours: float, assumed: Assumptions
) -> Plan:
    """The plan for one size."""
    return plan(
        figures.of_cluster(measured, workload),
        figures.skew(measured["buckets"]),
        figures.driver_rows(measured),
        figures.edges_per_document(measured["buckets"]),
        input_bytes,
        hours,
        assumed,
    )


def one_plan(
    measured: Mapping[str, Any], workload: str, input_bytes: float, hours: float, assumed: Assumptions
) -> str:
    """A plan as text, with what to set."""
    found = planned(measured, workload, input_bytes, hours, assumed)
    return "\n".join(
        [_plans([found]), "", "# values file", fragments.values(found), "# pipeline", fragments.pipeline(found)]
    )


def _plans(found: Sequence[Plan]) -> str:
    lines = [
        ["input", *(size(each.input_bytes) for each in found)],
        ["documents", *(count(each.documents) for each in found)],
        ["tokens", *(count(each.tokens) for each in found)],
        ["core-hours of work", *(f"{sum(each.core_hours.values()):,.0f}" for each in found)],
        ["core-hours paid", *(f"{each.paid_core_hours:,.0f}" for each in found)],
        [
            "executors",
            *(f"{each.executors} × {each.executor.cores} cores, {each.executor.memory_gb:.0f} GB" for each in found),
        ],
        ["wall time, hours", *(f"{each.hours:,.1f}" for each in found)],
        ["driver, heap + other memory", *(" + ".join(fragments.driver_memory(each)) for each in found)],
        *_shuffled(found),
        ["scratch of an executor", *(f"{fragments.scratch_gib(each)} GiB" for each in found)],
        ["tables of the lake", *(size(each.lake_bytes) for each in found)],
        ["data files", *(count(each.data_files) for each in found)],
        ["requests to the store", *(count(each.requests) for each in found)],
        ["cost", *(f"{each.cost:,.0f}" for each in found)],
    ]
    return table(lines[0], lines[1:])


def _shuffled(found: Sequence[Plan]) -> list[list[str]]:
    """Nothing where no run has counted it."""
    most = [max(each.shuffled.values()) for each in found]
    return [["shuffled, largest stage", *map(size, most)]] if all(most) else []


def _arithmetic(measured: Mapping[str, Any], found: Plan, assumed: Assumptions) -> str:
    """Every step for one size, as a list."""
    model = figures.of_cluster(measured, "pages")
    held = figures.tables(measured, "pages")
    work = sum(found.core_hours.values())
    cores = found.executors * found.executor.cores
    starts = assumed.start * len(found.core_hours) / HOUR
    steps = [
        f"{held['input_bytes'] / 1e6:,.2f} MB of web archives held {held['documents']['rows']:,} documents: "
        f"{size(found.input_bytes)} hold {count(found.documents)}.",
        *(
            f"`{stage}`: {model.stages[stage].cpu.fixed:,.1f} s + {model.stages[stage].cpu.slope * GB:,.0f} s "
            f"for each GB = {hours:,.1f} core-hours."
            for stage, hours in found.core_hours.items()
        ),
        f"Together {work:,.0f} core-hours of work; at an efficiency of {assumed.efficiency:g}, "
        f"{work / assumed.efficiency:,.0f} core-hours are paid while the stages compute.",
        f"In {SIZES[1][1]:g} hours, less {starts:.2f} for the start and "
        f"{found.longest_task_hours:.2f} for the longest task, that takes {found.executors} executors of "
        f"{found.executor.cores} cores.",
        f"{work:,.0f} / ({cores} × {assumed.efficiency:g}) + {starts:.2f} + {found.longest_task_hours:.2f} = "
        f"**{found.hours:,.1f} hours**; {cores} cores × {found.hours:,.1f} hours × {assumed.price:g} = "
        f"**{found.cost:,.0f}**, in the currency of the price.",
        f"`ingest.split_bytes` {found.split_bytes:,} makes {found.input_bytes / found.split_bytes:,.0f} reading "
        f"tasks; `ingest.batch_bytes` {found.batch_bytes:,} makes {found.commits} commits.",
        f"The driver's Python process holds {found.driver_gb:,.2f} GB: "
        + ", ".join(f"{name} {size(value)}" for name, value in found.driver_parts.items() if value > 1e6)
        + ".",
    ]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _stages(measured: Mapping[str, Any]) -> str:
    """What was measured at each size, and the line through it."""
    rows = []
    for workload, engine in figures.combinations(measured, least=2):
        runs = figures.runs(measured, workload, engine)
        for stage in runs[-1]["stages"]:
            line = figures.cpu_line(runs, stage)
            documents = runs[-1]["documents"] / runs[-1]["input_bytes"]
            per_hour = count(documents / line.slope * HOUR) if line.slope else ""
            points = (f"{run['documents']:,}: {run['stages'][stage]['cpu_seconds']:,.1f}" for run in runs)
            fitted = f"{line.fixed:,.1f} s + {line.slope * GB:,.0f} s/GB"
            rows.append([f"{workload}, {stage}", engine, "; ".join(points), fitted, per_hour])
    return table(["what", "engine", "documents: CPU s", "line", "documents per core-hour of work"], rows)


def _check(measured: Mapping[str, Any]) -> str:
    rows = []
    for each in predictions(measured):
        digits = 1 if each.points[-1] < 1000 else 0
        points = " · ".join(f"{point:,.{digits}f}" for point in each.points)
        limits = [f"{each.error:+.1%}", f"{each.tolerance:.0%}"]
        name = ", ".join(filter(None, (each.workload, each.engine, each.what)))
        rows.append([name, points, f"{each.predicted:,.{digits}f}", *limits])
    return table(["figure", "measured, the largest last", "the last, predicted", "off by", "at most"], rows)


# What others have published: documents, bytes, cores, hours.
_OTHERS = {
    "BigCode, near duplicates of code on Spark": (42e6, 319e9, 160, 40 / 60),
    "Data-Juicer, near duplicates on Ray": (None, 5e12, 1280, 2.8),
}


def _anchors(measured: Mapping[str, Any]) -> str:
    rows = []
    for who, (documents, held, cores, hours) in _OTHERS.items():
        paid = cores * hours
        per_hour = count(documents / paid) if documents else ""
        rows.append([who, f"{cores} cores, {hours:.2g} h, paid", per_hour, f"{held / paid / GB:,.2f}"])
    runs = figures.runs(measured, "near duplicates", "spark")
    line, last = figures.cpu_line(runs, "dedup"), runs[-1]
    for what, share in (("CPU time, measured", 1.0), ("paid, at an efficiency of 0.7", 0.7), ("paid, at 0.3", 0.3)):
        held = share * HOUR / line.slope
        per_hour = held * last["documents"] / last["input_bytes"]
        rows.append(["tokenlake, stage `dedup` on Spark", what, count(per_hour), f"{held / GB:,.2f}"])
    return table(["who", "what the hours are", "documents per core-hour", "GB of text per core-hour"], rows)


def _values(plans: Sequence[Plan]) -> str:
    parts = []
    for each in plans:
        parts.append(
            f"### {size(each.input_bytes)}\n\n```yaml\n# values.yaml\n{fragments.values(each)}```\n\n"
            f"```yaml\n# pipeline.yaml\n{fragments.pipeline(each)}```"
        )
    return "\n\n".join(parts)


def _circumstances(measured: Mapping[str, Any]) -> str:
    return f"Measured {measured['when']}, commit {measured['commit']}, {measured['hardware']}."

"""The tables of docs/operations/sizing.md, and a plan for one size as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import results
from benchmarks.process import REPOSITORY
from benchmarks.sizing import figures, fragments, growth_page
from benchmarks.sizing.check import predictions
from benchmarks.sizing.markdown import count, size, table
from benchmarks.sizing.model import GB, HOUR, TB, Assumptions, Executor, Figures, Plan, plan

PAGE = REPOSITORY / "docs" / "operations" / "sizing.md"

SIZES: Sequence[tuple[float, float]] = ((100 * GB, 2), (TB, 8), (10 * TB, 24), (100 * TB, 96))
"""Bytes of input, and the hours that it may take."""


def write(measured: Mapping[str, Any], assumed: Assumptions) -> None:
    """Puts every table between its markers."""
    for name, text in sections(measured, assumed).items():
        results.write(PAGE, name, text)


def sections(measured: Mapping[str, Any], assumed: Assumptions) -> dict[str, str]:
    """Marker -> Markdown."""
    workloads = sorted({workload for workload, _ in figures.combinations(measured)})
    plans = {workload: [planned(measured, workload, *each, assumed) for each in SIZES] for workload in workloads}
    return {
        "answer": _answer(plans),
        "one terabyte": _arithmetic(measured, planned(measured, "pages", *SIZES[1], assumed), assumed),
        "stages": _stages(measured),
        "check": _check(measured),
        "anchors": _anchors(measured),
        "driver": growth_page.driver(measured),
        "distributions": growth_page.distributions(measured["buckets"]),
        "growth": growth_page.growth(measured),
        "values": _values(plans["pages"]),
        "circumstances": _circumstances(measured),
    }


def planned(
    measured: Mapping[str, Any], workload: str, input_bytes: float, hours: float, assumed: Assumptions
) -> Plan:
    """The plan for one size, with executors as large as the workload's Python workers need."""
    found = figures.of_cluster(measured, workload)
    worker = max(stage.worker_mb for stage in found.stages.values()) / 1000
    cores = Executor.cores
    overhead = max(4, round(1.3 * cores * worker + 1))
    return plan(
        found,
        figures.skew(measured["buckets"]),
        figures.driver_rows(measured),
        figures.edges_per_document(measured["buckets"]),
        input_bytes,
        hours,
        assumed,
        Executor(cores=cores, overhead_gb=overhead),
    )


def one_plan(
    measured: Mapping[str, Any], workload: str, input_bytes: float, hours: float, assumed: Assumptions
) -> str:
    """A plan as text, with what to set."""
    found = planned(measured, workload, input_bytes, hours, assumed)
    return "\n".join(
        [_plans([found]), "", "# values file", fragments.values(found), "# pipeline", fragments.pipeline(found)]
    )


def _answer(plans: Mapping[str, Sequence[Plan]]) -> str:
    titles = {
        "pages": "**Web archives** (`.warc.gz`) to packed sequences, with main text, language and four rule sets.",
        "texts": "**Text** (`.jsonl`) to packed sequences: every document is kept until deduplication.",
    }
    return "\n\n".join(f"{titles[name]}\n\n{_plans(found)}" for name, found in plans.items())


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
        ["shuffled, largest stage", *(size(max(each.shuffled.values())) for each in found)],
        ["scratch of an executor", *(f"{fragments.scratch_gib(each)} GiB" for each in found)],
        ["tables of the lake", *(size(each.lake_bytes) for each in found)],
        ["data files", *(count(each.data_files) for each in found)],
        ["requests to the store", *(count(each.requests) for each in found)],
        ["cost", *(f"{each.cost:,.0f}" for each in found)],
    ]
    return table(lines[0], lines[1:])


def _arithmetic(measured: Mapping[str, Any], found: Plan, assumed: Assumptions) -> str:
    """Every step for one size, as a list."""
    model = figures.of_cluster(measured, "pages")
    largest = figures.largest(measured, "pages")
    work = sum(found.core_hours.values())
    cores = found.executors * found.executor.cores
    starts = assumed.start * len(found.core_hours) / HOUR
    steps = [
        f"{largest['input_bytes'] / 1e6:,.1f} MB of web archives held "
        f"{largest['tables']['documents']['rows']:,} documents: {size(found.input_bytes)} hold "
        f"{count(found.documents)}.",
        *(
            f"`{stage}`: {model.stages[stage].cpu.fixed:,.1f} s + {model.stages[stage].cpu.slope * GB:,.0f} s "
            f"for each GB = {hours:,.1f} core-hours."
            for stage, hours in found.core_hours.items()
        ),
        f"Together {work:,.0f} core-hours of work; at an efficiency of {assumed.efficiency:g}, "
        f"{work / assumed.efficiency:,.0f} core-hours are paid while the stages compute.",
        f"In {SIZES[1][1]:g} hours, less {starts:.2f} for the start of {len(found.core_hours)} pods and "
        f"{found.longest_task_hours:.2f} for the longest task, that takes {found.executors} executors of "
        f"{found.executor.cores} cores.",
        f"{work:,.0f} / ({cores} × {assumed.efficiency:g}) + {starts:.2f} + {found.longest_task_hours:.2f} = "
        f"**{found.hours:,.1f} hours**; {cores} cores × {found.hours:,.1f} hours × {assumed.price:g} = "
        f"**{found.cost:,.0f}**, in the currency of the price.",
        f"`ingest.split_bytes` {found.split_bytes:,} makes {found.input_bytes / found.split_bytes:,.0f} reading "
        f"tasks; `ingest.batch_bytes` {found.batch_bytes:,} makes {found.commits} commits.",
        f"The driver's Python process holds {found.driver_gb:,.2f} GB: "
        + ", ".join(f"{name} {size(value)}" for name, value in found.driver_parts.items() if value > 1e6)
        + f", and {max(s.driver_mb for s in model.stages.values()) / 1000:,.2f} GB before any rows.",
    ]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _stages(measured: Mapping[str, Any]) -> str:
    """What each stage took at the four sizes, and the line through them."""
    parts = []
    for workload, engine in figures.combinations(measured):
        runs = figures.runs(measured, workload, engine)
        rows = []
        for stage in runs[-1]["stages"]:
            line = figures.cpu_line(runs, stage)
            rows.append(
                [
                    stage,
                    *(f"{run['stages'][stage]['cpu_seconds']:,.1f}" for run in runs),
                    f"{line.fixed:,.1f} s + {line.slope * GB:,.0f} s/GB",
                    _rate(figures.figures(runs), line.slope),
                    f"{max(run['stages'][stage]['peak_mb'].get('worker', 0) for run in runs):,.0f}",
                ]
            )
        sizes = [f"{run['tables']['documents']['rows']:,}" for run in runs]
        headings = ["CPU s of", *sizes, "line", "documents per core-hour", "largest Python worker, MB"]
        parts.append(f"**{workload}, {engine}**, CPU seconds for numbers of documents\n\n{table(headings, rows)}")
    return "\n\n".join(parts)


def _rate(model: Figures, slope: float) -> str:
    return count(model.documents / slope * HOUR) if slope else ""


def _check(measured: Mapping[str, Any]) -> str:
    rows = [
        [
            each.workload,
            each.engine,
            each.what,
            *([""] * (4 - len(each.points))),
            *(f"{point:,.1f}" if point < 1000 else f"{point:,.0f}" for point in each.points),
            f"{each.predicted:,.1f}" if each.predicted < 1000 else f"{each.predicted:,.0f}",
            f"{each.error:+.1%}",
            f"{each.tolerance:.0%}",
        ]
        for each in predictions(measured)
        if not each.what.startswith(("rows", "bytes"))
    ]
    return table(["workload", "engine", "figure", "1×", "2×", "4×", "8×", "8× predicted", "off by", "at most"], rows)


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
    largest = figures.largest(measured, "pages")
    signed, read = largest["tables"]["signatures"], largest["input_bytes"]
    slope = figures.of_cluster(measured, "pages").stages["dedup"].cpu.slope * read  # seconds for all signed documents
    for what, share in (("CPU time, measured", 1.0), ("paid, at an efficiency of 0.7", 0.7), ("paid, at 0.3", 0.3)):
        per_hour = share * HOUR / slope
        held = f"{per_hour * signed['characters'] / GB:,.2f}"
        rows.append(["tokenlake, stage `dedup`", what, count(per_hour * signed["rows"]), held])
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

"""What the dashboards show."""

from collections.abc import Mapping
from typing import Any

from jobs.metrics import catalogue as of
from jobs.metrics.dashboards.panels import Panel, dashboard
from jobs.metrics.metric import Metric

_DAY = 86_400


def _each(metric: Metric, *matchers: str) -> str:
    """The values of a metric for the chosen lake."""
    chosen = ",".join(['lake=~"$lake"', *matchers])
    return f"{metric.name}{{{chosen}}}"


def _age(metric: Metric, *matchers: str) -> str:
    return f"time() - {_each(metric, *matchers)}"


def dashboards() -> Mapping[str, dict[str, Any]]:
    """File name -> dashboard."""
    return {"lake.json": _lake(), "schedule.json": _schedule(), "features.json": _features()}


def _lake() -> dict[str, Any]:
    return dashboard(
        "tokenlake-lake",
        "tokenlake: lake",
        [
            Panel("Read", [(_each(of.SCRAPE_SUCCESS), "{{lake}}")], "stat", width=4, height=4),
            Panel("Documents", [(_each(of.TABLE_ROWS, 'table="documents"'), "")], "stat", width=4, height=4),
            Panel("Delivered", [(_each(of.TABLE_ROWS, 'table="clean_documents"'), "")], "stat", width=4, height=4),
            Panel("Bytes", [(f"sum({_each(of.TABLE_BYTES)})", "")], "stat", "bytes", width=4, height=4),
            Panel("Tables that wait", [(_each(of.PENDING_STEPS), "")], "stat", limits=(1, 3), width=4, height=4),
            Panel("Findings that fail", [(_each(of.CHECK_FAILED), "")], "stat", limits=(1, 1), width=4, height=4),
            Panel(
                "Age of rows",
                [(_age(of.TABLE_LAST_CHANGE), "{{table}}")],
                unit="s",
                about="Time since rows last changed. The first stale table of the flow is where rows stop.",
                limits=(_DAY, 3 * _DAY),
            ),
            Panel(
                "Stages: time since the last success",
                [(_age(of.STAGE_LAST_SUCCESS), "{{stage}}")],
                "bargauge",
                "s",
                "Runs that find nothing new count.",
                limits=(_DAY, 26 * 3600),
            ),
            Panel("Rows", [(_each(of.TABLE_ROWS), "{{table}}")]),
            Panel("Bytes of the newest versions", [(_each(of.TABLE_BYTES), "{{table}}")], unit="bytes"),
            Panel(
                "Seconds of the last commit, and what is usual",
                [
                    (_each(of.STEP_LAST_SECONDS), "{{table}}"),
                    (_each(of.STEP_USUAL_SECONDS), "{{table}}, usual"),
                ],
                unit="s",
            ),
            Panel(
                "Rows read by the last commit, and what is usual",
                [
                    (_each(of.STEP_LAST_ROWS_IN), "{{table}}"),
                    (_each(of.STEP_USUAL_ROWS_IN), "{{table}}, usual"),
                ],
            ),
            Panel(
                "Share of the last ingest that was rejected",
                [
                    (
                        f"{_each(of.SOURCE_LAST_REJECTS)} / ({_each(of.SOURCE_LAST_READ)} > 0)",
                        "{{source}}",
                    )
                ],
                unit="percentunit",
                limits=(0.05, 0.1),
            ),
            Panel(
                "Runs a day",
                [(f"sum by (stage, status) (increase({_each(of.RUNS)}[1d]))", "{{stage}} {{status}}")],
            ),
            Panel("Data files", [(_each(of.TABLE_FILES), "{{table}}")]),
            Panel("Files that upkeep would put together", [(_each(of.TABLE_SMALL_FILES), "{{table}}")]),
        ],
    )


def _schedule() -> dict[str, Any]:
    return dashboard(
        "tokenlake-schedule",
        "tokenlake: schedule",
        [
            Panel("API server answers", [(_each(of.KUBERNETES_UP), "")], "stat", width=4, height=4),
            Panel("Missed", [(f"sum({_each(of.SCHEDULE_MISSED)})", "")], "stat", limits=(1, 1), width=4, height=4),
            Panel("Suspended", [(f"sum({_each(of.SCHEDULE_SUSPENDED)})", "")], "stat", limits=(1,), width=4, height=4),
            Panel(
                "State of the last run",
                [(_each(of.SCHEDULE_LAST_STATE), "{{schedule}} {{state}}")],
                "table",
            ),
            Panel("Time since the last start", [(_age(of.SCHEDULE_LAST_RUN), "{{schedule}}")], "bargauge", "s"),
            Panel(
                "Time until the next start",
                [(f"{_each(of.SCHEDULE_NEXT_RUN)} - time()", "{{schedule}}")],
                "bargauge",
                "s",
                "Below zero: it is late, or waits for the run before it.",
            ),
            Panel("Spark applications", [(_each(of.APPLICATIONS), "{{spark_job}} {{state}}")]),
            Panel("Seconds of each stage", [(_each(of.STAGE_LAST_SECONDS), "{{stage}}")], unit="s"),
            Panel("Failures: time since the last", [(_age(of.STAGE_LAST_FAILURE), "{{stage}}")], "bargauge", "s"),
        ],
    )


def _features() -> dict[str, Any]:
    wrong = f"{_each(of.CONSISTENCY_WRONG)} / ({_each(of.CONSISTENCY_COMPARED)} > 0)"
    return dashboard(
        "tokenlake-features",
        "tokenlake: features",
        [
            Panel("Online store answers", [(_each(of.ONLINE_STORE_UP), "")], "stat", width=6, height=4),
            Panel(
                "Limits exceeded",
                [(f"sum({_each(of.CONSISTENCY_FAILURES)})", "")],
                "stat",
                limits=(1, 1),
                width=6,
                height=4,
            ),
            Panel(
                "Features that have drifted",
                [(f"sum({_each(of.DRIFT_DRIFTED)})", "")],
                "stat",
                limits=(1, 5),
                width=6,
                height=4,
            ),
            Panel(
                "Views with rows that are not online",
                [(f"count({_each(of.FEATURE_ONLINE_PENDING_SINCE)}) or vector(0)", "")],
                "stat",
                limits=(1, 3),
                width=6,
                height=4,
            ),
            Panel("Age of the newest event", [(_age(of.FEATURE_NEWEST_EVENT), "{{view}}")], unit="s"),
            Panel(
                "Age of the newest event, as a share of the maximum age",
                [
                    (
                        f"({_age(of.FEATURE_NEWEST_EVENT)}) / on (lake, view) {_each(of.FEATURE_MAX_AGE)}",
                        "{{view}}",
                    )
                ],
                unit="percentunit",
                about="From 1 on, no value of the view is served.",
                limits=(0.8, 1),
            ),
            Panel(
                "Rows wait to be put online since",
                [(_age(of.FEATURE_ONLINE_PENDING_SINCE), "{{view}}")],
                unit="s",
                limits=(3600, 7200),
            ),
            Panel("Rows of feature tables", [(_each(of.TABLE_ROWS, 'table=~"features_.+"'), "{{table}}")]),
            Panel("Values that were wrong", [(wrong, "{{view}} {{answers_from}}")], unit="percentunit"),
            Panel("Drifted features", [(_each(of.DRIFT_DRIFTED), "{{view}}")]),
            Panel(
                "Time since the last check",
                [(_age(of.CONSISTENCY_TIME), "{{view}} {{answers_from}}")],
                "bargauge",
                "s",
            ),
            Panel("Time since drift was measured", [(_age(of.DRIFT_TIME), "{{view}}")], "bargauge", "s"),
        ],
    )

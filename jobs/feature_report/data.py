"""The figures of the page: frozen models that serialise to `report.json`."""

from collections.abc import Iterator, Mapping

from pydantic import AwareDatetime, Field

from jobs.report.data import Histogram, ReportModel


class Category(ReportModel):
    """One value of a feature, or all others."""

    name: str
    share: float = Field(description="of the entities that have a value")
    baseline: float | None = Field(default=None, description="the share in the baseline")


class FeatureFigures(ReportModel):
    """The current values of one feature."""

    name: str
    value_type: str
    about: str
    expected: str = Field(description="what its values must be, in words")
    null_share: float
    baseline_null_share: float | None = None
    quantiles: Mapping[str, float] = Field(default={}, description="share of values -> they are at most this")
    histogram: Histogram | None = None
    baseline_histogram: Histogram | None = None
    categories: tuple[Category, ...] = ()
    distinct: int = 0
    index: float | None = Field(default=None, description="population stability index against the baseline")
    drift: str = Field(default="", description="how it has drifted, in words; empty if it has not")
    breaches: tuple[str, ...] = Field(default=(), description="rules that current values break")


class CheckFigures(ReportModel):
    """What the last consistency check found about a view."""

    checked_at: AwareDatetime
    answers_from: str
    verdicts: Mapping[str, int]
    failures: int

    @property
    def compared(self) -> int:
        """Values that were compared."""
        return sum(self.verdicts.values())

    @property
    def wrong(self) -> int:
        """Values that were not right when they were served."""
        return self.compared - self.verdicts["equal"] - self.verdicts["late"]


class MaterializedFigures(ReportModel):
    """Up to where a view is in the online store."""

    version: int
    up_to: AwareDatetime


class ViewFigures(ReportModel):
    """One view."""

    name: str
    about: str
    keys: tuple[str, ...]
    pushed: bool
    version: int
    rows: int
    entities: int = Field(description="that are not gone")
    newest_event: AwareDatetime | None
    newest_created: AwareDatetime | None
    max_age_seconds: float | None
    fresh_share: float = Field(description="share of entities whose newest row counts now")
    baseline_version: int | None = None
    baseline_pinned_at: AwareDatetime | None = None
    materialized: MaterializedFigures | None = None
    checks: tuple[CheckFigures, ...] = Field(default=(), description="the last one of logged, and of live answers")
    features: tuple[FeatureFigures, ...]

    @property
    def drifted(self) -> int:
        """Features that have drifted."""
        return sum(bool(feature.drift) for feature in self.features)

    @property
    def breaches(self) -> int:
        """Rules that current values break."""
        return sum(len(feature.breaches) for feature in self.features)

    @property
    def null_share(self) -> float:
        """Share of null values of all features."""
        return sum(each.null_share for each in self.features) / len(self.features)


class FeatureReport(ReportModel):
    """All views of a lake."""

    lake: str
    made_at: AwareDatetime
    views: tuple[ViewFigures, ...]
    absent: tuple[str, ...] = Field(description="views without rows")
    on_demand: Mapping[str, tuple[CheckFigures, ...]] = Field(default={}, description="checks of on-demand views")
    online: str | None = Field(description="the online store that was asked up to where views are materialized")

    @property
    def checks(self) -> Iterator[tuple[str, CheckFigures]]:
        """The last checks of all views, and of on-demand views."""
        for view in self.views:
            yield from ((view.name, check) for check in view.checks)
        for name, checks in self.on_demand.items():
            yield from ((name, check) for check in checks)

    @property
    def alarms(self) -> dict[str, list[str]]:
        """View -> what is wrong with it."""
        found: dict[str, list[str]] = {}
        for name, check in self.checks:
            if check.failures:
                words = (
                    f"online and offline differ ({check.answers_from}: {check.wrong:,} of {check.compared:,} values)"
                )
                found.setdefault(name, []).append(words)
        for view in self.views:
            if view.breaches:
                found.setdefault(view.name, []).append(f"current values break {view.breaches:,} expectations")
            if view.drifted:
                words = f"{view.drifted:,} of {len(view.features):,} features have drifted"
                found.setdefault(view.name, []).append(words)
            if view.materialized and view.materialized.version < view.version:
                words = f"version {view.materialized.version} of {view.version} is online"
                found.setdefault(view.name, []).append(words)
        return found

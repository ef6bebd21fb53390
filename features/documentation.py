"""The reference page of all features, made from their definitions: docs/reference/features.md.

`make reference` writes it; a test compares it with the definitions.
"""

from collections.abc import Iterator
from datetime import timedelta

from features.definition.view import Catalogue, Expectation, Feature, FeatureService, OnDemandView, View

_ABOUT = """\
# Features

Made from the definitions in `features/catalogue` by `make reference`; do not edit. Every view is a Delta table
`features_<view>` of the lake, with the columns below and `event_timestamp`, `created` and `run_id`. A value counts at
a time if its event time is not after it, and at most the view's maximum age before it
([freshness](../explanation/consistency.md)).
"""


def page(catalogue: Catalogue) -> str:
    """The page, as Markdown."""
    return "\n".join(
        [_ABOUT, *_entities(catalogue), *_services(catalogue), *_views(catalogue), *_on_demand(catalogue)]
    )


def _entities(catalogue: Catalogue) -> Iterator[str]:
    yield "## Entities\n"
    yield "| entity | join key | type | what it is |\n| --- | --- | --- | --- |"
    for entity in catalogue.entities:
        yield f"| {entity.name} | `{entity.join_key}` | {entity.value_type.name} | {_cell(entity.about)} |"
    yield ""


def _services(catalogue: Catalogue) -> Iterator[str]:
    yield "## Services\n"
    yield "| service | for | features of |\n| --- | --- | --- |"
    for service in catalogue.services:
        yield f"| `{service.name}` | {_cell(service.about)} | {', '.join(_parts(service))} |"
    yield ""


def _parts(service: FeatureService) -> Iterator[str]:
    for selection in service.selections:
        chosen, all_of_them = len(selection.features), len(selection.view.features)
        count = f"all {chosen}" if chosen == all_of_them else f"{chosen} of {all_of_them}"
        yield f"[{selection.view.name}](#{selection.view.name}) ({count})"
    for view in service.on_demand:
        yield f"[{view.name}](#{view.name}) (on demand)"


def _views(catalogue: Catalogue) -> Iterator[str]:
    yield "## Views\n"
    for view in catalogue.views:
        yield f"### {view.name}\n"
        yield f"{_sentence(view.about)} {_facts(view)}\n"
        yield from _features(view.features)


def _facts(view: View) -> str:
    keys = ", ".join(f"`{key}`" for key in view.join_keys)
    age = "none" if view.max_age is None else _duration(view.max_age)
    pushed = f" Serving code sends rows through the push source `{view.name}_push`." if view.pushed else ""
    return f"Keys: {keys}. Maximum age: {age}.{pushed}"


def _features(features: tuple[Feature, ...]) -> Iterator[str]:
    yield "| feature | type | what it is | must be |\n| --- | --- | --- | --- |"
    for each in features:
        yield f"| `{each.name}` | {each.value_type.name} | {_cell(each.about)} | {_must_be(each.expect)} |"
    yield ""


def _must_be(expect: Expectation) -> str:
    parts = []
    if expect.required:
        parts.append("present")
    if expect.minimum is not None and expect.maximum is not None:
        parts.append(f"{expect.minimum:g} to {expect.maximum:g}")
    elif expect.minimum is not None:
        parts.append(f"≥ {expect.minimum:g}")
    elif expect.maximum is not None:
        parts.append(f"≤ {expect.maximum:g}")
    if expect.allowed:
        parts.append("one of " + ", ".join(f"`{value}`" for value in expect.allowed))
    return ", ".join(parts)


def _on_demand(catalogue: Catalogue) -> Iterator[str]:
    yield "## On-demand views\n"
    for view in catalogue.on_demand:
        yield f"### {view.name}\n"
        yield f"{_sentence(view.about)} Computed by `{view.function}` from {_inputs(view)}.\n"
        yield from _features(view.features)


def _inputs(view: OnDemandView) -> str:
    named = [f"`{of.name}:{feature}`" for of, feature in view.inputs]
    named += [f"`{each.name}` of the request ({each.value_type.name}: {each.about})" for each in view.request]
    return ", ".join(named)


def _sentence(about: str) -> str:
    return f"{about[0].upper()}{about[1:]}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _duration(age: timedelta) -> str:
    days, rest = divmod(age, timedelta(days=1))
    hours = rest // timedelta(hours=1)
    named = [f"{days} day{'s' if days > 1 else ''}"] if days else []
    return " ".join([*named, *([f"{hours} h"] if hours else [])]) or f"{int(age.total_seconds())} s"


if __name__ == "__main__":
    from pathlib import Path

    from features.catalogue.catalogue import CATALOGUE

    Path("docs/reference/features.md").write_text(page(CATALOGUE))

"""Pinned baselines: what the values of a view's features were like when somebody found them good."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.definition.view import View
from features.quality.current_rows import CurrentRows
from features.quality.summary import Summary, summarise
from lake.reading import LakeReader
from pipelines.errors import MisuseError

FORMAT = 1
"""Version of a baseline's JSON."""


class BaselineError(MisuseError, ValueError):
    """A file is no baseline that this program can compare with."""


@dataclass(frozen=True)
class Baseline:
    """The summaries of a view's features at one version of its table."""

    view: str
    version: int
    pinned_at: int  # microseconds since the epoch
    rows: int  # entities
    features: Mapping[str, Summary]

    def to_json(self) -> str:
        """As JSON."""
        features = {name: summary.to_json() for name, summary in self.features.items()}
        return json.dumps({"format": FORMAT, **vars(self), "features": features}, indent=1)


def summaries(lake: LakeReader, view: View, current: CurrentRows, like: Baseline | None = None) -> dict[str, Summary]:
    """The summary of each feature's current values, made like the baseline's where it has one."""
    known: Mapping[str, Summary] = like.features if like else {}
    return {
        feature.name: summarise(current.column(lake, view, feature.name), feature.value_type, known.get(feature.name))
        for feature in view.features
    }


def pin(lake: LakeReader, view: View, current: CurrentRows, now: int) -> Baseline:
    """Makes the current values of a view its baseline, in place of an earlier one."""
    made = Baseline(view.name, current.version, now, current.entities, summaries(lake, view, current))
    lake.storage.write_text(_file(view), made.to_json())
    return made


def pinned(lake: LakeReader, view: View) -> Baseline | None:
    """The baseline of a view; None if there is none.

    Raises:
        BaselineError: the file cannot be read.
    """
    text = lake.storage.read_text(_file(view))
    if text is None:
        return None
    try:
        found: dict[str, Any] = json.loads(text)
        if found.pop("format") != FORMAT:
            raise ValueError("another format")
        features = {name: Summary.from_json(each) for name, each in found.pop("features").items()}
        return Baseline(**found, features=features)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(
            f"{lake.path(_file(view))} is no baseline ({error!r}): run `tokenlake features baseline` for {view.name}"
        ) from error


def _file(view: View) -> str:
    return f"features/baselines/{view.name}.json"

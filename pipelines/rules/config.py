"""Options of the measuring pass. A change here measures again; thresholds belong to policies."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from pipelines.config import Config, Location, Meaning
from pipelines.language.model_file import content

NAME = r"[a-z][a-z0-9_]*"
"""Of a classifier: it becomes part of a policy's keys and of reasons."""


class ClassifierConfig(Config):
    """One score of each document: how probable a fastText model finds a label."""

    name: Meaning[str] = Field(pattern=f"^{NAME}$", description="of the score, in `measures` and in policies")
    model: Meaning[Annotated[str, Location()]] = Field(
        description="path of a supervised fastText model, .bin or .ftz; its content counts, wherever it lies"
    )
    label: Meaning[str] = Field(min_length=1, description="as the model names it, with its prefix: `__label__hq`")


class MeasureConfig(Config):
    """Which C4 line rules are on, and the parameters of measures."""

    max_word_length: Meaning[int] = Field(1000, ge=0, description="C4: a line with a longer word is dropped; 0 is off")
    remove_citations: Meaning[bool] = Field(
        True, description="C4: `[1]`, `[edit]` and `[citation needed]` are cut out"
    )
    require_terminal_punctuation: Meaning[bool] = Field(False, description="C4: a line must end in . ? ! or a quote")
    min_words_per_line: Meaning[int] = Field(3, ge=0, description="C4: a line with fewer words is dropped; 0 is off")
    filter_javascript: Meaning[bool] = Field(True, description="C4: a line that mentions javascript is dropped")
    filter_policy: Meaning[bool] = Field(
        True, description="C4: a line that mentions cookie or privacy policies is dropped"
    )
    short_line_length: Meaning[int] = Field(30, ge=0, description="FineWeb: a line with no more characters is short")
    classifiers: tuple[ClassifierConfig, ...] = Field((), description="scores of fastText models of the user's own")

    def fingerprint(self) -> str:
        """Of the settings and of the models' content; without classifiers as before there were any."""
        settings = self._fingerprint("classifiers")
        if not self.classifiers:
            return settings
        scores = sorted([each.name, each.label, content(each.model)] for each in self.classifiers)
        return hashlib.sha256(json.dumps([settings, scores]).encode()).hexdigest()[:16]

    def relocated(self, place: Callable[[str], str]) -> "MeasureConfig":
        """The same with each model at `place(path)`, for instance where tasks can read it."""
        moved = tuple(each.model_copy(update={"model": place(each.model)}) for each in self.classifiers)
        return self.model_copy(update={"classifiers": moved})

    @model_validator(mode="after")
    def _names_are_unique(self) -> "MeasureConfig":
        names = [each.name for each in self.classifiers]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"classifiers: name {repeated[0]!r} is used twice; names must differ")
        return self

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "c4_rewrite" in data:
            raise ValueError(
                "c4_rewrite is a policy's to say: write one with `rewrite: [c4_lines]`, or without `c4_lines`"
            )
        return data

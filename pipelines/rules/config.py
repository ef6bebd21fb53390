"""Options of the measuring pass. A change here measures again; thresholds belong to policies."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from pipelines.config import Config, Meaning


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

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "c4_rewrite" in data:
            raise ValueError(
                "c4_rewrite is a policy's to say: write one with `rewrite: [c4_lines]`, or without `c4_lines`"
            )
        return data

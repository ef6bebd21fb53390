"""Configuration of what features are computed from, besides the lake's tables."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.config import Config, Execution, Location, Meaning

Part = Literal["source", "target", "time", "ignore"]

_Language = Annotated[str, Field(min_length=1)]


class BitextConfig(Config):
    """A file of sentence pairs, one a line, with tabs between the columns; UTF-8, perhaps compressed."""

    path: Execution[Annotated[str, Location()]] = Field(
        description="file or URI: .tsv, .txt, the same as .gz, or .zip"
    )
    member: Meaning[str | None] = Field(None, description="the file in a .zip; not needed if there is one only")
    source_language: Meaning[_Language] = Field(description="of the column `source`: de, zh, …")
    target_language: Meaning[_Language] = Field(description="of the column `target`")
    columns: Meaning[tuple[Part, ...]] = Field(
        ("source", "target"), description="what each column is; time: when the pair was seen, ISO 8601"
    )
    both_directions: Meaning[bool] = Field(False, description="whether targets are also sources of their sources")

    @model_validator(mode="after")
    def _columns_are_complete(self) -> Self:
        counted = {part: self.columns.count(part) for part in ("source", "target", "time")}
        if counted["source"] != 1 or counted["target"] != 1 or counted["time"] > 1:
            raise ValueError("columns: name `source` and `target` once each, and `time` at most once")
        return self


class FeaturesConfig(Config):
    """Files that features are computed from. A view whose files are not named stays as it is."""

    bitext: tuple[BitextConfig, ...] = ()
    glossary: Execution[Annotated[tuple[str, ...], Location()]] = Field(
        (), description="CSV or YAML files of terms, with how they must be translated"
    )
    clients: Execution[Annotated[str | None, Location()]] = Field(
        None, description="CSV or YAML file of clients and their limits"
    )
    requests: Execution[Annotated[tuple[str, ...], Location()]] = Field(
        (), description="CSV files of requests, which the usage of clients is counted from"
    )

"""Which benchmarks texts are compared with, and what counts as an overlap. Thresholds belong to policies."""

from typing import Annotated

from pydantic import Field, model_validator

from pipelines.config import Config, Execution, Location, Meaning


class BenchmarkConfig(Config):
    """The files of one benchmark."""

    name: Meaning[str] = Field(min_length=1, description="under which its overlaps are counted")
    path: Execution[Annotated[str | tuple[str, ...], Location()]] = Field(
        description="files, folders, globs or URIs of JSON Lines, JSON, CSV, TSV, Parquet or text (an item per line)"
    )
    fields: Meaning[tuple[str, ...]] = Field((), description="fields of an item to compare; default: every text in it")


class DecontaminateConfig(Config):
    """Off while no benchmark is named. Its fingerprint covers no file's content; that of the index does."""

    benchmarks: tuple[BenchmarkConfig, ...] = ()
    n: Meaning[int] = Field(13, ge=2, le=100, description="words in a row that a text shares with an item")
    shortest: Meaning[int] = Field(
        8, ge=1, description="a shorter item is looked for as a whole, if it has at least so many words"
    )
    margin: Meaning[int] = Field(0, ge=0, description="characters removed on each side of an overlap")
    shortest_piece: Meaning[int] = Field(
        0, ge=0, description="what stays between two overlaps, or before or behind them, goes too if it is shorter"
    )

    @model_validator(mode="after")
    def _check(self) -> "DecontaminateConfig":
        names = [benchmark.name for benchmark in self.benchmarks]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"benchmarks: name {repeated[0]!r} is used twice; names must differ")
        if self.shortest > self.n:
            raise ValueError(f"shortest is {self.shortest}, more than n ({self.n}): no item could be that short")
        return self

    @property
    def enabled(self) -> bool:
        """Whether texts are compared with anything."""
        return bool(self.benchmarks)

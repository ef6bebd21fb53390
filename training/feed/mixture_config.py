"""What a mixture is made of, as a user writes it in YAML."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipelines.config import Config, Location, Meaning


class MixtureSource(Config):
    """Rows of one version of a table of sequences."""

    name: Meaning[str] = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="of the source; enters its order")
    lake: Meaning[Annotated[str, Location()]] = Field(description="folder or URI of its lake")
    table: Meaning[str] = Field("causal", description="name of the packing")
    version: Meaning[int | None] = Field(None, ge=0, description="of the table; default: the newest when planned")
    split: Meaning[str | None] = Field("train", description="train, heldout, or null for both")
    where: Meaning[str | None] = Field(None, description="conditions on columns, such as n_tokens >= 256")
    epochs: Meaning[int | None] = Field(1, ge=1, description="how often a row may be used; null: without limit")


class MixturePhase(Config):
    """Weights from one sample of the order on."""

    from_sample: Meaning[int] = Field(0, ge=0, lt=1 << 62, description="global batch size times step")
    weights: Meaning[dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]] = Field(
        description="source -> its share of tokens, in any unit; absent: 0"
    )


class MixtureConfig(Config):
    """A mixture: sources, and their shares of tokens in each phase of training."""

    plan: Meaning[Annotated[str, Location()]] = Field(description="folder or URI of the Delta table of the plan")
    sources: tuple[MixtureSource, ...] = Field(min_length=1)
    phases: tuple[MixturePhase, ...] = Field(min_length=1)
    window: Meaning[int] = Field(1000, ge=1, le=1 << 16, description="samples in which the shares are exact")
    exhausted: Meaning[Literal["stop", "others"]] = Field(
        "stop", description="when a source has used its epochs: the mixture ends, or the others share its part"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "MixtureConfig":
        names = [source.name for source in self.sources]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"sources: name {repeated[0]!r} is used twice; names must differ")
        starts = [phase.from_sample for phase in self.phases]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError(f"phases begin at samples {starts}: the first must begin at 0, each later one after it")
        for phase in self.phases:
            unknown = sorted(phase.weights.keys() - set(names))
            if unknown:
                raise ValueError(f"phases: there is no source {unknown[0]!r}; there are {', '.join(names)}")
        return self

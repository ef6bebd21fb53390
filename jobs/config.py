"""The configuration of a run: one section per stage, each defined in the package it configures."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from features.computation.config import FeaturesConfig
from pipelines.bitext.config import PairsConfig
from pipelines.config import Config, Execution, Location, Meaning
from pipelines.contamination.config import DecontaminateConfig
from pipelines.dedup.config import DedupConfig
from pipelines.pii.spans import PiiConfig
from pipelines.policies.files import names_a_policy
from pipelines.policies.policy import DEFAULT_POLICY
from pipelines.readers.config import SourceConfig
from pipelines.rules.config import MeasureConfig
from pipelines.sequences.config import PackConfig
from pipelines.sequences.masked.config import MaskedConfig
from pipelines.sequences.translation.config import TranslationConfig
from pipelines.text.repair import RepairConfig
from pipelines.tokenizer.config import TokenizerConfig
from pipelines.urls.url_lists import UrlConfig


class IngestConfig(Config):
    """How input becomes `documents`."""

    reject_limit: Execution[float] = Field(
        0.5,
        ge=0,
        le=1,
        description="a run exits 1 when it rejects a larger share of the records that it read of a source",
    )
    delete_limit: Execution[float] = Field(
        0.5, ge=0, le=1, description="a run stops when more than 100 files and a larger share of a source are gone"
    )
    split_bytes: Execution[int] = Field(8 << 20, ge=1 << 10, description="bytes of a file that one task reads, about")
    batch_bytes: Execution[int] = Field(
        8 << 30, ge=1 << 20, description="bytes of input per commit; a killed run reads at most this again"
    )
    language_model: Meaning[Annotated[str | None, Location()]] = Field(
        None, description="path of another fastText model; default: the bundled lid.176.ftz"
    )


class CleanConfig(Config):
    """What is measured, the policy that decides, and how the text of kept documents is finalized."""

    policy: Meaning[Annotated[str, Location(is_name=names_a_policy)]] = Field(
        DEFAULT_POLICY, description="name of a bundled policy, or path of a YAML file"
    )
    measure: MeasureConfig = MeasureConfig()
    urls: UrlConfig = UrlConfig()
    repair: RepairConfig = RepairConfig()
    pii: PiiConfig = PiiConfig()
    rewrite_limit: Execution[float] = Field(
        0.3, ge=0, le=1, description="a run warns when rewriting removed a larger share of a language's characters"
    )


class RunConfig(Config):
    """Everything `tokenlake run` needs."""

    lake: Execution[Annotated[str, Location()]] = Field("lakes/default", description="folder or URI of the tables")
    sources: tuple[SourceConfig, ...] = ()
    ingest: IngestConfig = IngestConfig()
    clean: CleanConfig = CleanConfig()
    decontaminate: DecontaminateConfig = DecontaminateConfig()
    dedup: DedupConfig = DedupConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    pack: tuple[PackConfig, ...] = (PackConfig(),)
    masked: tuple[MaskedConfig, ...] = ()
    translation: tuple[TranslationConfig, ...] = ()
    pairs: PairsConfig = PairsConfig()
    features: FeaturesConfig = FeaturesConfig()
    engine: Execution[Literal["auto", "sail", "spark", "connect"]] = Field("auto", description="compute engine")
    profile: Execution[Literal["small", "large"]] = Field(
        "small", description="classic Spark: small starts quickly, large suits long runs"
    )
    spark: Execution[dict[str, str]] = Field(
        default_factory=dict, description="settings of classic Spark that override the defaults"
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> "RunConfig":
        tables = [each.name for section in (self.pack, self.masked, self.translation) for each in section]
        for section, names in (("sources", [s.name for s in self.sources]), ("pack, masked, translation", tables)):
            repeated = sorted({name for name in names if names.count(name) > 1})
            if repeated:
                raise ValueError(f"{section}: name {repeated[0]!r} is used twice; names must differ")
        return self

    @model_validator(mode="after")
    def _no_source_sentence_is_in_both_splits(self) -> "RunConfig":
        for number, each in enumerate(self.translation):
            if each.directions != "as_read" and self.pairs.dedup.group_by == "source":
                raise ValueError(
                    f"translation.{number}.directions: {each.directions} makes sources of targets, and one target may "
                    "belong to sources on both sides of the held-out split: set pairs.dedup.group_by to "
                    "source_or_target, which keeps them on one side"
                )
        return self

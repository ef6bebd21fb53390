"""Where sentence pairs come from, how they are read, what decides about them."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pipelines.config import Config, Execution, Location, Meaning
from pipelines.readers.config import DEFAULT_EXCLUDE, SourceConfig, Undecodable

PairFormat = Literal["auto", "moses", "tsv", "tmx", "po", "mo"]

ABOUT_THE_DATA = ("_about.txt", "README*", "LICENSE*", "LICENCE*")
"""Files that archives of Tatoeba and OPUS hold beside the pairs."""

_Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*$")]


class PairSourceConfig(Config):
    """One named source of sentence pairs in one direction."""

    name: Meaning[str] = Field(min_length=1, description="stored with every pair and part of its id")
    path: Execution[Annotated[str | tuple[str, ...], Location()]] = Field(
        description="file, folder, glob or URL, or a list of them; .gz, .zst and .zip are opened"
    )
    root: Execution[Annotated[str | None, Location()]] = Field(
        None, description="folder that paths inside pair ids are relative to; default: what all paths share"
    )
    format: Meaning[PairFormat] = Field("auto", description="of all files; auto: by suffix")
    languages: Meaning[tuple[_Language, _Language]] = Field(
        description="of source and target, as ISO 639-1 where there is one: [en, de]"
    )
    suffixes: Meaning[tuple[str, str] | None] = Field(
        None, description="how names of Moses files end, source and target; default: the languages"
    )
    columns: Meaning[tuple[int, int]] = Field((0, 1), description="of source and target in TSV, from 0")
    meta_columns: Meaning[dict[str, int]] = Field(
        {}, description="name in meta -> column of TSV, from 0, where a line has it"
    )
    header: Meaning[bool] = Field(False, description="the first line of a TSV file names its columns")
    fuzzy: Meaning[bool] = Field(False, description="take translations that gettext marks as fuzzy")
    exclude: Execution[tuple[str, ...]] = Field(
        DEFAULT_EXCLUDE + ABOUT_THE_DATA, description="globs on the path below the root, or on the name"
    )
    priority: Meaning[int] = Field(0, description="higher survives deduplication")
    on_delete: Execution[Literal["retract", "keep"]] = Field(
        "retract", description="pairs of a file that is gone leave the lake, or stay"
    )
    encoding: Meaning[str | None] = Field(None, description="of text files; default: detected")
    undecodable: Meaning[Undecodable] = Field(
        "replace", description="bytes that are no character become U+FFFD; or reject the record"
    )
    max_record_bytes: Meaning[int] = Field(1 << 20, ge=1, description="a raw record beyond this is rejected")
    max_catalogue_bytes: Meaning[int] = Field(
        64 << 20, ge=1, description="a gettext file beyond this is rejected: it is read whole"
    )

    @field_validator("columns")
    @classmethod
    def _columns_differ(cls, columns: tuple[int, int]) -> tuple[int, int]:
        if columns[0] == columns[1] or min(columns) < 0:
            raise ValueError(f"{list(columns)}: name two different columns, counted from 0")
        return columns

    @model_validator(mode="after")
    def _has_a_path(self) -> "PairSourceConfig":
        if not self.path or not all((self.path,) if isinstance(self.path, str) else self.path):
            raise ValueError(f"source {self.name!r}: path is empty")
        self.as_files()  # checks the encoding
        return self

    def as_files(self, whole: bool = False) -> SourceConfig:
        """The source as the listing, the decompression and the decoding of `pipelines.readers` take it.

        `whole`: the limit of size is that of files which are read whole.
        """
        return SourceConfig(
            name=self.name,
            path=self.path,
            root=self.root,
            format="text",
            unit="line",
            exclude=self.exclude,
            encoding=self.encoding,
            undecodable=self.undecodable,
            max_document_bytes=self.max_catalogue_bytes if whole else self.max_record_bytes,
        )

    def reading_fingerprint(self) -> str:
        """Of the settings that decide what a file is read as: another one means to read it again."""
        return self._fingerprint("name", "priority")


class PairDedupConfig(Config):
    """Which pairs are duplicates, and which are on one side of the held-out split."""

    by: Meaning[Literal["both", "source", "target", "none"]] = Field(
        "both", description="pairs are duplicates when these sides are equal once normalised"
    )
    seed: Meaning[int] = Field(0, description="of the order among pairs of one batch and priority")
    group_by: Meaning[Literal["source", "source_or_target"]] = Field(
        "source",
        description="what pairs of one group of the held-out split share; source_or_target: either, in chains",
    )


class PairsConfig(Config):
    """How files of sentence pairs become `clean_pairs`; without sources the stage does nothing."""

    sources: tuple[PairSourceConfig, ...] = ()
    policy: Meaning[Annotated[str, Location(is_name=lambda value: not value.endswith((".yaml", ".yml")))]] = Field(
        "opus",
        description="name of a bundled policy for pairs (opus, hardrules, strict, none), or path of a YAML file",
    )
    dedup: PairDedupConfig = PairDedupConfig()
    identify_languages: Meaning[bool] = Field(
        False, description="measure the language of each side, which rule language.wrong looks at"
    )
    reject_limit: Execution[float] = Field(
        0.5,
        ge=0,
        le=1,
        description="a run exits 1 when it rejects a larger share of a source; what has no translation does not count",
    )
    delete_limit: Execution[float] = Field(
        0.5, ge=0, le=1, description="a run stops when more than 100 files and a larger share of a source are gone"
    )
    split_bytes: Execution[int] = Field(8 << 20, ge=1 << 10, description="bytes of a TSV file that one task reads")

    @model_validator(mode="after")
    def _names_are_unique(self) -> "PairsConfig":
        names = [source.name for source in self.sources]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"sources: name {repeated[0]!r} is used twice; names must differ")
        return self

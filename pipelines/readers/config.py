"""Where raw text comes from, and how it is read."""

import codecs
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pipelines.config import Config, Execution, Location, Meaning
from pipelines.extraction.extractors import Extractor
from pipelines.readers.formats import by_name
from pipelines.readers.path_patterns import DATE

TextUnit = Literal["document", "paragraph", "line"]
Undecodable = Literal["replace", "reject"]

# Names without a slash match at any depth. No other file is left out.
DEFAULT_EXCLUDE = (".*", "**/.*/**", "_SUCCESS", "*.crc", "*.pyc")


class SourceConfig(Config):
    """One named source: files of one kind of content, read with the same options."""

    name: Meaning[str] = Field(min_length=1, description="stored with every document and part of its id")
    path: Execution[Annotated[str | tuple[str, ...], Location()]] = Field(
        description="file, folder, glob or URL, or a list of them; {date} stands for a day, as YYYY-MM-DD"
    )
    root: Execution[Annotated[str | None, Location()]] = Field(
        None, description="folder that paths inside document ids are relative to; default: what all paths share"
    )
    format: Meaning[str] = Field("auto", description="a registered format, or auto: chosen by suffix and first bytes")
    exclude: Execution[tuple[str, ...]] = Field(
        DEFAULT_EXCLUDE, description="globs on the path below the root, or on the name"
    )
    on_change: Execution[Literal["replace", "keep"]] = Field(
        "replace", description="documents that a changed file no longer holds leave the lake, or stay"
    )
    on_delete: Execution[Literal["retract", "keep"]] = Field(
        "retract", description="documents of a file that is gone leave the lake, or stay"
    )
    priority: Meaning[int] = Field(0, description="higher survives deduplication")

    text_column: Meaning[str] = Field(
        "text", description="JSONL key (dots reach into objects) or column that holds the text"
    )
    id_column: Meaning[str | None] = Field(None, description="kept as meta['id']")
    url_column: Meaning[str | None] = Field(None, description="kept as meta['url']")
    meta_columns: Meaning[tuple[str, ...]] = Field((), description="kept in meta under their own names")

    unit: Meaning[TextUnit] = Field("document", description="what a document is in a text file")
    delimiter: Meaning[str | None] = Field(
        None, min_length=1, max_length=1, description="default: comma, or tab for tsv"
    )
    quoting: Meaning[bool | None] = Field(None, description="fields may be quoted; default: yes in csv, no in tsv")
    escape: Meaning[str] = Field(
        "auto",
        description="what stands before a quote in a quoted field: a quote (RFC 4180), a backslash (Spark, MySQL) or "
        "another character; auto: a quote, or a backslash where the row can be read with it only",
    )
    header: Meaning[bool] = Field(True, description="first row names the columns; else they are named 0, 1, ...")
    multiline: Meaning[bool] = Field(
        True, description="quoted fields may hold line breaks; false lets one file be split"
    )

    extractor: Meaning[Extractor] = Field(
        "resiliparse", description="of main text from HTML: resiliparse is the fastest, blocks finds more"
    )
    extractor_timeout: Meaning[float] = Field(10.0, gt=0, description="seconds for one page; a slower one is rejected")

    encoding: Meaning[str | None] = Field(None, description="of all files; default: detected")
    undecodable: Meaning[Undecodable] = Field(
        "replace",
        description="bytes and surrogates that are no character become U+FFFD, counted in meta; or reject the record",
    )
    max_document_bytes: Meaning[int] = Field(32 << 20, ge=1, description="a raw record beyond this is rejected")
    max_decompressed_bytes: Meaning[int] = Field(
        256 << 20, ge=1, description="a compressed record beyond this is rejected as a bomb"
    )
    max_decompression_ratio: Meaning[float] = Field(
        200.0, gt=1, description="a compressed member beyond both max_decompressed_bytes and this ratio is a bomb"
    )

    max_window_bytes: Meaning[int] = Field(
        1 << 31,
        ge=1 << 10,
        le=1 << 31,
        description="memory that one zstd frame may take for its window; 2 GiB: all that zstd --long=31 writes",
    )

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                codecs.lookup(name)
                b"".decode(name)  # raises for codecs that do not decode bytes to text
            except LookupError as error:
                raise ValueError(f"unknown encoding {name!r}") from error
        return name

    @field_validator("escape")
    @classmethod
    def _escape_is_one_character(cls, escape: str) -> str:
        if escape != "auto" and len(escape) != 1:
            raise ValueError(f"{escape!r} is neither auto nor one character")
        return escape

    @field_validator("format")
    @classmethod
    def _format_is_registered(cls, name: str) -> str:
        if name != "auto":
            by_name(name)
        return name

    @model_validator(mode="after")
    def _has_a_path(self) -> "SourceConfig":
        if not self.paths or not all(self.paths):
            raise ValueError(f"source {self.name!r}: path is empty")
        if self.root and DATE in self.root:
            raise ValueError(f"source {self.name!r}: root holds {DATE}: name the folder above all days")
        return self

    def reading_fingerprint(self) -> str:
        """Of the settings that decide what a file is read as: another one means to read it again."""
        return self._fingerprint("name", "priority")

    @property
    def is_dated(self) -> bool:
        """Whether one of its paths holds `{date}`."""
        return any(DATE in path for path in self.paths)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths as a tuple, also for a single one."""
        return (self.path,) if isinstance(self.path, str) else self.path

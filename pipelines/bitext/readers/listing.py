"""The files of a source of pairs: each with its format, the two files of a Moses corpus together."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from pipelines.bitext.config import PairSourceConfig
from pipelines.bitext.record import PairFile, rejected
from pipelines.readers.formats import CODECS
from pipelines.readers.listing import list_files
from pipelines.readers.record import InputFile, Reason

SUFFIXES = {
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "tsv",
    ".tmx": "tmx",
    ".po": "po",
    ".pot": "po",
    ".mo": "mo",
    ".gmo": "mo",
}
"""How names end -> format; names of Moses files end in their language."""


def list_pair_files(config: PairSourceConfig, never: str | None = None) -> list[PairFile]:
    """The files of a source in order of path. A file that cannot be read is listed with its problem.

    Args:
        config: of the source.
        never: a folder whose files are never input, such as the lake.

    Raises:
        SourceError: the source names nothing.
    """
    return list(_together(list_files(config.as_files(), never=never), config))


def _together(files: Sequence[InputFile], config: PairSourceConfig) -> Iterator[PairFile]:
    by_stem = {side: _of_side(files, config, side) for side in (0, 1)}
    for file in files:
        side, stem = _moses(file, config)
        if file.problem is not None:
            yield PairFile(file, "", config, problem=file.problem)
        elif side is None:
            yield _alone(file, config)
        elif stem not in by_stem[1 - side]:
            name = PurePosixPath(stem).name + _ends(config)[1 - side]
            yield _unpaired(file, config, f"no file {name} (plain, .gz or .zst) beside {file.path}")
        elif side == 0:
            beside = by_stem[1][stem]
            if beside.problem is None:  # else the problem is listed under its own name, and this one needs a reason
                yield PairFile(file, "moses", config, beside)
            else:
                yield _unpaired(file, config, f"{beside.path} cannot be read")


def _of_side(files: Sequence[InputFile], config: PairSourceConfig, side: int) -> dict[str, InputFile]:
    return {stem: file for file in files for found, stem in [_moses(file, config)] if found == side}


def _ends(config: PairSourceConfig) -> tuple[str, str]:
    source, target = config.suffixes or config.languages
    return f".{source.lstrip('.')}", f".{target.lstrip('.')}"


def _plain(path: str) -> str:
    """The path without the suffix of its compression."""
    suffix = PurePosixPath(path).suffix
    return path[: -len(suffix)] if suffix.lower() in CODECS else path


def _moses(file: InputFile, config: PairSourceConfig) -> tuple[int | None, str]:
    """(0: of the source language, 1: of the target, None: no Moses file; path without the language)."""
    path = _plain(file.path)
    if config.format in ("auto", "moses"):
        for side, end in enumerate(_ends(config)):
            if path.lower().endswith(end.lower()):
                return side, path[: -len(end)]
    return None, path


def _alone(file: InputFile, config: PairSourceConfig) -> PairFile:
    suffix = PurePosixPath(_plain(file.path)).suffix.lower()
    found = config.format if config.format not in ("auto", "moses") else SUFFIXES.get(suffix)
    if found is not None and config.format != "moses":
        return PairFile(file, found, config)
    ends = " or ".join(_ends(config))
    known = "" if config.format == "moses" else f", of others in {' '.join(SUFFIXES)}"
    detail = f"no reader: names of Moses files end in {ends}{known}; name a format for the source, or exclude the file"
    return PairFile(file, "", config, problem=rejected(0, Reason.UNSUPPORTED, detail))


def _unpaired(file: InputFile, config: PairSourceConfig, detail: str) -> PairFile:
    return PairFile(file, "", config, problem=rejected(0, Reason.UNALIGNED, detail))

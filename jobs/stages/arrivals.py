"""What an ingest has to do: the files to read, and those that are gone.

docs/explanation/identity.md states the rules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from jobs.dates import sources_of
from jobs.stages.context import StageContext
from jobs.stages.known_sources import KnownSource, is_elsewhere, known_sources, root_now
from lake.ledger import fingerprint
from pipelines.language.model_file import content
from pipelines.readers import spark as readers
from pipelines.readers.config import SourceConfig
from pipelines.readers.finding import OfDay, SourceError
from pipelines.readers.listing import EDGE, Remembered
from pipelines.readers.record import InputFile
from pipelines.semantics import READING
from pipelines.storage.uri import normalized

_MANY = 100  # files of a source: when more are gone, `ingest.delete_limit` applies


@dataclass(frozen=True, slots=True)
class Listed:
    """An input file, its source, and how it is to be read."""

    file: InputFile
    config: SourceConfig
    root: str
    settings: str


@dataclass(frozen=True)
class Arrivals:
    """The difference between what sources hold and what the lake remembers."""

    to_read: Sequence[Listed]  # new, changed, or to be tried again; in order of source and path
    gone: Sequence[tuple[str, str]]  # (source, path) of files whose documents are to leave
    known: dict[str, KnownSource]


def arrivals(run: StageContext) -> Arrivals:
    """Lists the configured sources and compares them with `inputs`. A run of a day sees the files of this day only.

    Raises:
        DateError: no source tells which files are of the day.
        SourceError: a source has no files, is another folder than the one of its name, or lost too many files.
    """
    known = known_sources(run.lake)
    to_read: list[Listed] = []
    gone: list[tuple[str, str]] = []
    for config in sources_of(run.config.sources, run.day):
        before = known.get(config.name) or KnownSource(config.name, "")
        root = root_now(config, before if before.files else None)
        listed = _listed(run, config, before, root, run.day)
        here = before if run.day is None else _of_day(before, config, root, run.day)
        lost = _lost(here, listed) if config.on_delete == "retract" else []
        whole = listed
        if run.day is not None and (is_elsewhere(before, root) or (lost and not listed)):
            whole = _listed(run, config, before, root, None)  # the day alone does not show that the source is gone
        _require_one_folder(config, before, root, whole)
        _require_few(lost, before, run.config.ingest.delete_limit)
        if run.day is not None and not listed:
            run.reporter.event("no_files", f"  source {config.name}: no files of {run.day}", source=config.name)
        to_read += [one for one in listed if not _is_known(one, before, run.keep_old)]
        gone += [(config.name, path) for path in lost]
    return Arrivals(to_read, gone, known)


def _of_day(known: KnownSource, config: SourceConfig, root: str, day: date) -> KnownSource:
    """The source with those of its files that its paths name on a day."""
    is_of_day = OfDay(config, day)
    return replace(known, files={path: file for path, file in known.files.items() if is_of_day(_location(root, path))})


def _location(root: str, path: str) -> str:
    """Where a file of a source lies; of a member of an archive, the archive."""
    return normalized(root, path.partition("!/")[0])  # begins with `../` where the source was extended beyond its root


def reading_settings(config: SourceConfig, language_model: str | None) -> str:
    """`<version of the readers>:<fingerprint of everything that decides what a file is read as>`."""
    model = content(language_model) if language_model else None
    return f"{READING.version}:{fingerprint(config.reading_fingerprint(), model)}"


def _listed(run: StageContext, config: SourceConfig, before: KnownSource, root: str, day: date | None) -> list[Listed]:
    settings = reading_settings(config, run.config.ingest.language_model)
    unchanged = {
        file.path: (file.stamp, file.fingerprint)
        for file in before.files.values()
        if _reads_alike(file.settings, settings, run.keep_old) and not file.retry
    }
    files = readers.list_inputs(config, Remembered(root, unchanged), never=run.lake.root, day=day)
    return [Listed(file, config, root, settings) for file in files]


def _reads_alike(one: str, other: str, keep_old: bool) -> bool:
    """Whether two `reading_settings` give the same documents; with `keep_old`, whatever the version of the readers.

    Settings of version 0, before versions were recorded, cannot be compared with others.
    """
    (version, _, settings), (_, _, others) = one.partition(":"), other.partition(":")
    return one == other or (keep_old and (version == "0" or settings == others))


def _is_known(one: Listed, before: KnownSource, keep_old: bool) -> bool:
    """Whether another reading of a file would give what the last one gave."""
    known = before.files.get(one.file.path)
    return (
        known is not None
        and known.fingerprint == one.file.fingerprint
        and _reads_alike(known.settings, one.settings, keep_old)
        and (not known.retry or one.file.problem is not None)
    )


def _lost(before: KnownSource, listed: Sequence[Listed]) -> list[str]:
    """Paths of known files that are no longer there; none below a folder or archive that could not be listed."""
    there = {one.file.path for one in listed}
    closed = [one.file.path for one in listed if one.file.problem is not None]
    covered = tuple(end for path in closed for end in (f"{path}/" if path else "", f"{path}!/"))
    return sorted(path for path in before.files if path not in there and not path.startswith(covered or ("\0",)))


def _require_few(lost: Sequence[str], before: KnownSource, limit: float) -> None:
    if len(lost) > _MANY and len(lost) > limit * len(before.files):
        raise SourceError(
            f"source {before.name!r}: {len(lost):,} of {len(before.files):,} files are gone, such as {lost[0]}. Is "
            "its storage complete? Nothing was changed. To take their documents out of the lake, raise the limit "
            "(--set ingest.delete_limit=1); to keep them, set `on_delete: keep` for this source"
        )


def _require_one_folder(config: SourceConfig, before: KnownSource, root: str, listed: Sequence[Listed]) -> None:
    """Refuses to take a second folder of the same name for the source, which would mix or remove documents."""
    if not before.files or config.root is not None or not is_elsewhere(before, root):
        return
    differing = next(_differing(before, listed), None)
    missing = next(iter(_lost(before, listed)), None) if config.on_delete == "retract" else None
    if differing or missing:
        what = f"{differing} is another file there" if differing else f"{missing} is not there"
        raise SourceError(
            f"source {config.name!r} was read from {before.root}, which is still there; {root} is another folder "
            f"({what}). Give one of the two another `name`; or, if the source has moved, rename the old folder"
        )


def _differing(before: KnownSource, listed: Sequence[Listed]) -> Iterator[str]:
    for one in listed:
        known = before.files.get(one.file.path)
        # the fingerprint of a larger file also covers its time of change, which a copy need not keep
        if known and (
            known.size != one.file.size or (known.size <= 2 * EDGE and known.fingerprint != one.file.fingerprint)
        ):
            yield one.file.path

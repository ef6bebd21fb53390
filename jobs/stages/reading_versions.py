"""The semantics version of the readers, which `inputs.settings` begins with: `<version>:<fingerprint>`."""

from collections.abc import Iterable

from jobs.stages.arrivals import Arrivals
from jobs.stages.context import StageContext
from jobs.stages.staged_files import Manifest
from lake.lake import Lake
from lake.rebuilding import news
from pipelines.semantics import READING
from pipelines.tables import DOCUMENTS, INPUTS


def note_other_versions(run: StageContext, found: Arrivals) -> None:
    """Reports how many known files are read again because another version of the readers read them."""
    before = [found.known[one.file.source].files.get(one.file.path) for one in found.to_read
              if one.file.source in found.known]  # fmt: skip
    versions = [version for file in before if file for version in _versions([file.settings])]
    others = sorted(set(versions) - {READING.version})
    if others:
        count = len(versions) - versions.count(READING.version)
        why = f"{count:,} files are read again: {news(READING, others)}"
        run.reporter.event("rebuilding", f"  note: {why}", table=DOCUMENTS.name, why=why)


def of_documents(lake: Lake, read: Manifest) -> str:
    """Versions that made the rows of `documents` once a manifest is committed, for the detail of its commits."""
    left = set(read.removed_files)
    rows = lake.read_here(INPUTS.name, ["source", "path", "settings"]).to_pylist() if lake.exists(INPUTS.name) else []
    staying = [row["settings"] for row in rows if (row["source"], row["path"]) not in left]
    versions = _versions([*staying, *(row["settings"] for row in read.inputs)])
    return ",".join(map(str, sorted(versions or {READING.version})))


def _versions(settings: Iterable[str]) -> set[int]:
    """Of `inputs.settings`; 0 before versions were recorded."""
    return {int(version) if colon else 0 for version, colon, _ in (each.partition(":") for each in settings)}

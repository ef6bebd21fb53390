"""Exports a version of a table: the parts of a place, each checked, and the manifest that is written last."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from jobs.export.columnar import Columns, require_rows, write_columnar
from jobs.export.counts import Counts
from jobs.export.destination import MANIFEST, Destination, destination
from jobs.export.errors import ExportError, UnfitExportError
from jobs.export.mds import mds_columns, write_mds
from jobs.export.megatron import require_megatron, write_megatron
from jobs.export.source import Source, encoded, lineage
from pipelines.storage.uri import LakeUri

FORMATS = ("megatron", "mds", "parquet", "arrow")
TOKENIZER = "tokenizer.json"
_COLUMNAR = ("parquet", "arrow")
_UNSPLIT = "data"  # the folder of a table without splits, whose rows Hugging Face calls the split `train`


@dataclass(frozen=True)
class Request:
    """What is to be exported where.

    Args:
        format: one of `FORMATS`.
        out: a folder or URI that does not exist.
        splits: only these of the table's; empty for all.
        columns: only these; None for what the format takes by default.
        as_lists: token ids as lists of numbers, of the columnar formats.
    """

    format: str
    out: str
    splits: Sequence[str] = ()
    columns: Sequence[str] | None = None
    as_lists: bool = False


@dataclass(frozen=True)
class Exported:
    """A finished export: its splits (None: a table without splits), and its manifest."""

    splits: Mapping[str | None, Counts]
    manifest: Mapping[str, object]


def export(source: Source, request: Request, advance: Callable[[int], None] = lambda rows: None) -> Exported:
    """Writes an export; `advance` is told the rows of each part that is done.

    Raises:
        UnfitExportError: the format cannot take this table, column or split, or the place is taken.
        ExportError: the table cannot be read whole, or the place cannot be written.
        TokenizerError: the format needs to know the separator, and the tokenizer has none.
    """
    if LakeUri.parse(request.out).is_within(LakeUri.parse(source.lake.root)):
        raise UnfitExportError(
            f"{request.out}: lies in the lake, whose upkeep deletes files that no table names; name a place outside"
        )
    splits = _splits(source, request.splits)
    columns = _columns(source, request)
    with destination(request.out) as to:
        found = {split: _written(source, request, to, split, columns, advance) for split in splits}
        for split, counts in found.items():
            _check(source, to, split, counts)
        manifest = _manifest(source, request, columns, found)
        _write_descriptions(source, request, to, found, manifest)
    return Exported(found, manifest)


def _splits(source: Source, wanted: Sequence[str]) -> Sequence[str | None]:
    present = source.splits
    if lacking := [split for split in wanted if split not in present]:
        known = f"its splits are {', '.join(present)}" if present else "it has no splits"
        raise UnfitExportError(f"{source.place}: no split {lacking[0]}; {known}")
    return list(dict.fromkeys(wanted)) or present or [None]


def _columns(source: Source, request: Request) -> list[str]:
    """The columns of the export.

    Raises:
        UnfitExportError: the format does not take them.
    """
    if request.as_lists and request.format not in _COLUMNAR:
        raise UnfitExportError("--as-lists is of --format parquet and arrow; the other formats hold ids as numbers")
    if request.format == "megatron":
        require_megatron(source)
        if request.columns is not None:
            raise UnfitExportError("--format megatron holds token ids alone; leave out --columns")
        return ["ids"]
    if request.format == "mds":
        return mds_columns(source, request.columns)
    columns = list(request.columns) if request.columns is not None else source.schema.names
    source.require_columns(columns)
    return columns


def _written(
    source: Source,
    request: Request,
    to: Destination,
    split: str | None,
    columns: Sequence[str],
    advance: Callable[[int], None],
) -> Counts:
    if request.format == "megatron":
        return write_megatron(source, to, split, split or source.table, advance)
    if request.format == "mds":
        return write_mds(source, to, split, split or "", columns, advance)
    chosen = Columns(columns, request.as_lists)
    counts = write_columnar(source, to, split, split or _UNSPLIT, chosen, request.format, advance)
    require_rows(to, list(counts.files), request.format, counts.rows)
    return counts


def _check(source: Source, to: Destination, split: str | None, counts: Counts) -> None:
    """Compares what was read with the table's log, and what was written with the files.

    Raises:
        ExportError: they differ.
    """
    expected = source.rows(split)
    if expected is not None and expected != counts.rows:
        raise ExportError(f"{source.place}: its log tells of {expected:,} rows, and {counts.rows:,} were read")
    for name, size in counts.files.items():
        found = to.storage.size(name)
        if found != size:
            raise ExportError(f"{to.uri}/{name}: has {found:,} bytes, and {size:,} were written")


def _manifest(
    source: Source, request: Request, columns: Sequence[str], found: Mapping[str | None, Counts]
) -> dict[str, object]:
    """What the export is and where it comes from; the same for the same version."""
    parts = [
        {
            "split": split,
            "rows": counts.rows,
            "tokens": counts.tokens,
            **counts.further,
            "files": dict(counts.files),
        }
        for split, counts in found.items()
    ]
    tokens = [counts.tokens for counts in found.values() if counts.tokens is not None]
    return {
        "format": request.format,
        "source": lineage(source),
        "columns": list(columns),
        "id_bits": 8 * source.token_bytes if source.id_columns else None,
        "as_lists": request.as_lists,
        "rows": sum(counts.rows for counts in found.values()),
        "tokens": sum(tokens) if tokens else None,
        "parts": parts,
    }


def _write_descriptions(
    source: Source,
    request: Request,
    to: Destination,
    found: Mapping[str | None, Counts],
    manifest: Mapping[str, object],
) -> None:
    """The tokenizer, a card for Hugging Face's `datasets`, and last the manifest."""
    if source.tokenizer_hash is not None and source.tokenizer is not None:
        to.storage.write_text(TOKENIZER, source.tokenizer.json)
    if request.format in _COLUMNAR:
        to.storage.write_text("README.md", _card(source, request, found, manifest))
    to.storage.write_text(MANIFEST, encoded(manifest))


def _card(source: Source, request: Request, found: Mapping[str | None, Counts], manifest: Mapping[str, object]) -> str:
    """A dataset card whose header tells `datasets.load_dataset` which files are which split.

    `datasets` keeps what it has read under the folder's name and this header, and never looks whether files changed.
    The description makes another header for another export in a folder of the same name.
    """
    digest = sha256(encoded(manifest).encode()).hexdigest()[:16]
    described = f"{source.table} version {source.version}, export {digest}"
    lines = ["---", "configs:", "- config_name: default", f"  description: {described}", "  data_files:"]
    for split in found:
        lines += [f"  - split: {split or 'train'}", f"    path: {split or _UNSPLIT}/*.{request.format}"]
    rows = sum(counts.rows for counts in found.values())
    lines += [
        "---",
        "",
        f"{rows:,} rows of `{source.table}`, version {source.version}, of the lake {source.lake.root}.",
    ]
    return "\n".join([*lines, f"`{MANIFEST}` says more.", ""])

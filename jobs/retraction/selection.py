"""Which documents a retraction is about: those that were asked for, those that go with them, and copies that stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lake.lake import Lake
from pipelines.errors import MisuseError
from pipelines.tables import DOCUMENTS, DUPLICATES, INPUTS, RETRACTIONS

_COLUMNS = ("doc_id", "source", "path", "uri", "position", "text_hash", "url")
_ONE_RECORD = {"html", "markdown", "text"}  # formats whose files are usually one document


class SelectionError(MisuseError, ValueError):
    """A selection that cannot be made, or that selects nothing."""


@dataclass(frozen=True)
class Asked:
    """The options of the command; their documents are added up."""

    doc_ids: Sequence[str] = ()
    uris: Sequence[str] = ()  # exact, or with a trailing `*`
    where: Sequence[str] = ()  # SQL predicates over `documents`
    with_duplicates: bool = False


@dataclass(frozen=True)
class Selection:
    """Documents as rows of `_COLUMNS`, by doc_id."""

    selected: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # + selector, whole_file
    covered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # + goes_with: the doc_id of a selected one
    closed: Sequence[Mapping[str, Any]] = ()  # source, path, uri, selector: files without documents
    known: Sequence[str] = ()  # asked for, and retracted before
    copies: Mapping[str, str] = field(default_factory=dict)  # doc_id -> exact | near: texts that stay

    @property
    def doc_ids(self) -> list[str]:
        """Of all documents that leave."""
        return sorted({*self.selected, *self.covered})

    @property
    def files(self) -> set[tuple[str, str]]:
        """(source, path) of the files whose rejects and counts change."""
        rows = (*self.selected.values(), *self.covered.values(), *self.closed)
        return {(row["source"], row["path"]) for row in rows}


def select(lake: Lake, asked: Asked) -> Selection:
    """Resolves the options of a retraction on the newest versions of the lake's tables.

    Raises:
        SelectionError: an option is not valid, or nothing in the lake is meant.
    """
    documents = _described(lake)
    known = _known(lake, asked)
    files = _files(lake, asked.uris)
    found = _asked_for(lake, documents, asked, files)
    missing = [each for each in asked.doc_ids if each not in found and each not in known]
    if missing:
        raise SelectionError(f"{lake.root}: there is no document {missing[0]}; `documents` holds all doc_ids")
    if asked.with_duplicates:
        copies = _copies(lake, documents, found)
        more = _rows(lake, documents, pa.table({"doc_id": pa.array(copies, pa.string())}))
        found |= {each: {**row, "selector": "--with-duplicates"} for each, row in more.items() if each not in found}
    selected = _with_files(lake, found, files)
    covered = _covered(lake, documents, selected)
    held = {(row["source"], row["path"]) for row in selected.values()}
    closed = [row for place, row in files.items() if place not in held and place not in _closed_before(lake)]
    if not (selected or closed or known):
        raise SelectionError(f"{lake.root}: no document and no file is meant by {_described_options(asked)}")
    leaving = {**selected, **covered}
    return Selection(selected, covered, closed, known, _copies(lake, documents, leaving))


def _described(lake: Lake) -> DataFrame:
    """All documents, without their texts."""
    rows = lake.read(DOCUMENTS.name)
    text_hash = F.substring(F.sha2(F.col("text").cast("binary"), 256), 1, 32)
    return rows.select(
        "doc_id", "source", "path", "uri", "position", text_hash.alias("text_hash"), F.expr("meta['url']").alias("url")
    )


def _rows(lake: Lake, documents: DataFrame, wanted: pa.Table) -> dict[str, dict[str, Any]]:
    """The documents with these values, by doc_id."""
    if not wanted.num_rows:
        return {}
    found = documents.join(lake.engine.frame(wanted), on=wanted.column_names, how="left_semi")
    return _collected(found)


def _collected(rows: DataFrame) -> dict[str, dict[str, Any]]:
    return {row["doc_id"]: row for row in rows.select(*_COLUMNS).toArrow().to_pylist()}


def _asked_for(
    lake: Lake, documents: DataFrame, asked: Asked, files: Mapping[tuple[str, str], Any]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}

    def add(rows: Mapping[str, dict[str, Any]], selector: str) -> None:
        for doc_id, row in rows.items():
            found.setdefault(doc_id, {**row, "selector": selector})

    add(_rows(lake, documents, pa.table({"doc_id": pa.array(asked.doc_ids, pa.string())})), "--doc-id")
    if files:
        places = pa.table({"source": [source for source, _ in files], "path": [path for _, path in files]})
        add(_rows(lake, documents, places), "--uri")
    for predicate in asked.where:
        add(_matching(lake, documents, predicate), "--where")  # not the predicate: it may be what must be forgotten
    return found


def _matching(lake: Lake, documents: DataFrame, predicate: str) -> dict[str, dict[str, Any]]:
    try:
        ids = lake.read(DOCUMENTS.name).where(predicate).select("doc_id").toArrow()["doc_id"].to_pylist()
    except Exception as error:  # each engine raises its own for a predicate that it cannot parse or resolve
        raise SelectionError(
            f"--where {predicate}: {str(error).splitlines()[0]}. It is an SQL predicate over the columns of "
            "`documents`, such as source = 'crawl' AND meta['url'] LIKE 'https://example.org/%'"
        ) from error
    return _rows(lake, documents, pa.table({"doc_id": pa.array(ids, pa.string())}))


def _files(lake: Lake, uris: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """(source, path) -> the files that `--uri` names.

    Raises:
        SelectionError: no file was read from a uri.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    rows = lake.read_here(INPUTS.name, ["source", "path", "uri"]) if uris else None
    for uri in uris:
        assert rows is not None
        is_begin = uri.endswith("*")
        mask = pc.starts_with(rows["uri"], uri[:-1]) if is_begin else pc.equal(rows["uri"], uri)
        matching = rows.filter(mask).to_pylist()
        if not matching:
            raise SelectionError(f"{lake.root}: no file was read from {uri}; `inputs` holds all uris")
        for row in matching:
            found.setdefault((row["source"], row["path"]), {**row, "selector": "--uri"})
    return found


def _with_files(
    lake: Lake, found: Mapping[str, dict[str, Any]], files: Mapping[tuple[str, str], Any]
) -> dict[str, dict[str, Any]]:
    """Adds `whole_file`: of files that were named, and of those that are one document."""
    inputs = lake.read_here(INPUTS.name, ["source", "path", "format", "rows_read"]).to_pylist() if found else []
    single = {(row["source"], row["path"]) for row in inputs if row["rows_read"] == 1 and row["format"] in _ONE_RECORD}
    return {
        doc_id: {**row, "whole_file": (row["source"], row["path"]) in files or (row["source"], row["path"]) in single}
        for doc_id, row in found.items()
    }


def _covered(lake: Lake, documents: DataFrame, selected: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Documents that a later reading would leave out because of the selected ones."""
    found: dict[str, dict[str, Any]] = {}
    for key in ("text_hash", "url", "path"):
        by_place = {
            (row["source"], row[key]): doc_id
            for doc_id, row in selected.items()
            if row[key] and (key != "path" or row["whole_file"])
        }
        wanted = pa.table(
            {
                "source": pa.array([source for source, _ in by_place], pa.string()),
                key: pa.array([value for _, value in by_place], pa.string()),
            }
        )
        for doc_id, row in _rows(lake, documents, wanted).items():
            if doc_id not in selected:
                found.setdefault(doc_id, {**row, "goes_with": by_place[row["source"], row[key]]})
    return found


def _copies(lake: Lake, documents: DataFrame, of: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Other documents with the same text, and those of the same clusters of duplicates: doc_id -> exact | near."""
    if not of:
        return {}
    ids = pa.table({"doc_id": pa.array(of, pa.string())})
    near: set[str] = set()
    if lake.exists(DUPLICATES.name):
        duplicates = lake.read(DUPLICATES.name)
        clusters = duplicates.join(lake.engine.frame(ids), on="doc_id", how="left_semi").select("cluster_id")
        members = duplicates.join(clusters.distinct(), on="cluster_id", how="left_semi").select("doc_id")
        near = set(members.toArrow()["doc_id"].to_pylist())
    members = {**of, **_rows(lake, documents, pa.table({"doc_id": pa.array(near - set(of), pa.string())}))}
    hashes = sorted({row["text_hash"] for row in members.values()})
    same = _rows(lake, documents, pa.table({"text_hash": pa.array(hashes, pa.string())}))
    texts = {row["text_hash"] for row in of.values()}
    found = dict.fromkeys(sorted({*near, *same} - set(of)), "near")
    return found | {doc_id: "exact" for doc_id, row in same.items() if doc_id in found and row["text_hash"] in texts}


def _known(lake: Lake, asked: Asked) -> list[str]:
    """Documents that are asked for and were retracted before."""
    if not lake.exists(RETRACTIONS.name):
        return []
    rows = lake.read_here(RETRACTIONS.name, ["doc_id", "uri"]).to_pylist()
    ids = set(asked.doc_ids)
    exact = {uri for uri in asked.uris if not uri.endswith("*")}
    begins = tuple(uri[:-1] for uri in asked.uris if uri.endswith("*"))
    return sorted(
        row["doc_id"]
        for row in rows
        if row["doc_id"] in ids or row["uri"] in exact or (begins and row["uri"].startswith(begins))
    )


def _closed_before(lake: Lake) -> set[tuple[str, str]]:
    if not lake.exists(RETRACTIONS.name):
        return set()
    rows = lake.read_here(RETRACTIONS.name, ["source", "path", "whole_file"]).to_pylist()
    return {(row["source"], row["path"]) for row in rows if row["whole_file"]}


def _described_options(asked: Asked) -> str:
    given = [*(f"--doc-id {each}" for each in asked.doc_ids), *(f"--uri {each}" for each in asked.uris)]
    return ", ".join([*given, *(f"--where {each}" for each in asked.where)]) or "no option"

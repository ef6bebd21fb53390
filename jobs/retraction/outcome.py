"""What a retraction has done, or would do: by table, and what holds the texts still."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from jobs.retraction.selection import Selection
from lake.holding import Held, held, tables_of_documents
from lake.lake import Lake
from lake.maintenance.pins import pinned
from pipelines.tables import PACKED, RETRACTIONS

_COPIES_SHOWN = 8


@dataclass(frozen=True)
class Outcome:
    """The result of one command."""

    lake: str
    done: bool  # False: of --dry-run
    selection: Selection
    tables: Sequence[Held] = ()
    tokenizers: Sequence[str] = ()  # files of tokenizers that were trained on versions that held the texts
    unfinished: Mapping[str, str] = field(default_factory=dict)  # what is left -> why
    pins: Sequence[str] = ()  # `name: table version`, of versions that hold the texts

    def as_json(self) -> dict[str, Any]:
        """As the command prints it with --json."""
        return {
            "lake": self.lake,
            "done": self.done,
            "retracted": [_document(each, row) for each, row in sorted(self.selection.selected.items())],
            "go_with_them": [_document(each, row) for each, row in sorted(self.selection.covered.items())],
            "files_without_documents": [row["uri"] for row in self.selection.closed],
            "retracted_before": list(self.selection.known),
            "copies_that_stay": dict(self.selection.copies),
            "tables": [
                {
                    "table": each.table,
                    "rows": each.rows,
                    "free_since_version": each.free_since if self.done else None,
                    "held_by_versions": list(each.versions),
                }
                for each in self.tables
            ],
            "tokenizers_trained_on_them": list(self.tokenizers),
            "pins_that_hold_them": list(self.pins),
            "unfinished": dict(self.unfinished),
        }

    def lines(self) -> list[str]:
        """As the command prints it."""
        count, with_them = len(self.selection.selected), len(self.selection.covered)
        said = "retracted" if self.done else "would retract"
        lines = [f"{said} {count:,} documents" + (f", and {with_them:,} that go with them" if with_them else "")]
        lines += [f"  {each}  {row['uri']}" for each, row in _some(self.selection.selected)]
        lines += [
            f"  {each}  {row['uri']} (same text or address as {row['goes_with']})"
            for each, row in _some(self.selection.covered)
        ]
        lines += [f"  no document, but its rejects: {row['uri']}" for row in self.selection.closed]
        if self.selection.known:
            lines.append(f"{len(self.selection.known):,} were retracted before")
        lines += self._tables()
        lines += [f"  pinned: {pin}, a version that holds the texts" for pin in self.pins]
        if self.tokenizers:
            lines.append(
                f"trained on texts that leave: {', '.join(self.tokenizers)}. A vocabulary can spell rare words; to "
                "train anew, give the tokenizer another name (--set tokenizer.name=NEW) and run"
            )
        return [*lines, *self._without_address(), *self._copies(), *self._left()]

    def _without_address(self) -> list[str]:
        """Says which documents an edit of their file would bring back."""
        loose = [
            each for each, row in self.selection.selected.items() if not (row.get("url") or row.get("whole_file"))
        ]
        if not loose:
            return []
        return [
            f"{len(loose):,} of these are records without an address (`url_column`) in files of several: they stay "
            "out as they are now, but an edited record would be read again. To keep out all that a file holds, name "
            "it with --uri"
        ]

    def _tables(self) -> list[str]:
        lines = []
        for each in self.tables:
            if not each.versions:
                continue
            what = "rows taken apart" if each.table.startswith(PACKED) else "rows"
            if not self.done:
                lines.append(f"  {each.table:<24} {each.rows:,} {what}")
            elif each.free_since is None:
                lines.append(f"  {each.table:<24} {each.rows:,} {what} are still there")
            else:
                since = f"gone from version {each.free_since} on; held by {_versions(each.versions)}"
                lines.append(f"  {each.table:<24} {each.rows:,} {what}, {since}")
        return lines

    def _copies(self) -> list[str]:
        copies = self.selection.copies
        if not copies:
            return []
        exact = sum(kind == "exact" for kind in copies.values())
        some = ", ".join(list(copies)[:_COPIES_SHOWN]) + (", …" if len(copies) > _COPIES_SHOWN else "")
        options = " ".join(f"--doc-id {each}" for each in list(copies)[:_COPIES_SHOWN])
        return [
            f"WARNING: {len(copies):,} copies of these texts stay in the lake ({exact:,} exact, "
            f"{len(copies) - exact:,} nearly the same), and one of them may be delivered now: {some}",
            f"  to remove them too: tokenlake retract {self.lake} {options}"
            + (" …" if len(copies) > _COPIES_SHOWN else "")
            + ("" if self.done else "; or add --with-duplicates"),
        ]

    def _left(self) -> list[str]:
        if not self.done:
            return ["nothing was changed (--dry-run)"]
        lines = [f"NOT FINISHED: {what}: {why}" for what, why in self.unfinished.items()]
        if self.unfinished:
            return [*lines, f"to finish: the same command again, or tokenlake run CONFIG --lake {self.lake}"]
        if any(each.versions for each in self.tables):
            lines.append(f"earlier versions still hold the texts: tokenlake maintain {self.lake} --erase deletes them")
        return lines


def retracted_ids(lake: Lake) -> pa.Array:
    """All that was ever retracted from a lake: doc_ids."""
    if not lake.exists(RETRACTIONS.name):
        return pa.array([], pa.string())
    return lake.read_here(RETRACTIONS.name, ["doc_id"])["doc_id"].combine_chunks().cast(pa.string())


def holding(lake: Lake, doc_ids: Sequence[str]) -> list[Held]:
    """What every table holds of some documents."""
    ids = pa.array(doc_ids, pa.string())
    return [held(lake, name, ids) for name in tables_of_documents(lake)]


def trained_on(lake: Lake, tables: Sequence[Held]) -> list[str]:
    """The lake's tokenizers, if clean documents held the texts: which of them saw which version is not recorded."""
    if not any(each.table == "clean_documents" and each.versions for each in tables):
        return []
    return [f"tokenizers/{entry.name}" for entry in lake.storage.entries("tokenizers") if entry.name.endswith(".json")]


def pins_on(lake: Lake, tables: Sequence[Held]) -> list[str]:
    """The pins of versions that hold the texts."""
    found = pinned(lake)
    return [
        f"{name}: {each.table} {version}"
        for each in tables
        for version, names in found.get(each.table, {}).items()
        if version in each.versions
        for name in names
    ]


def _document(doc_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    found = {"doc_id": doc_id, **{name: row[name] for name in ("source", "uri", "position")}}
    return found | {name: row[name] for name in ("selector", "goes_with") if row.get(name)}


def _some(rows: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted(rows.items())[:_COPIES_SHOWN]


def _versions(versions: Mapping[int, int]) -> str:
    numbers = list(versions)
    return f"version {numbers[0]}" if len(numbers) == 1 else f"versions {numbers[0]} to {numbers[-1]}"

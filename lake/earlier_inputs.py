"""What contract 1 noted of input files, in the terms of this contract.

Contract 1 had a row of `inputs` for each reading of a file, and a reject `already_ingested` for each record of a
changed file that the lake held before. Documents and rejects named their file by its uri alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_KNOWN = "already_ingested"
_TRANSIENT = ("unreadable", "changed")  # reasons after which a file is read again

NEEDED = ("source", "uri", "reason", "run_id")
"""Columns of `rejects` that are looked at."""


@dataclass(frozen=True)
class EarlierInputs:
    """Tables `inputs` and `rejects`, the columns `NEEDED`, of contract 1."""

    inputs: pa.Table
    rejects: pa.Table

    def paths(self, rows: pa.Table) -> pa.Array:
        """The path of each row's file; its uri where `inputs` does not know the file."""
        places = {(row["source"], row["uri"]): row["path"] for row in self._readings}
        files = zip(rows["source"].to_pylist(), rows["uri"].to_pylist(), strict=True)
        return pa.array([places.get(file, file[1]) for file in files], pa.string())

    def is_current(self, rejects: pa.Table) -> pa.Array:
        """Whether a reject is of the last reading of its file, and not of a document that is in the lake."""
        last = {(row["source"], row["uri"]): row["run_id"] for row in self._last.values()}
        rows = rejects.select(NEEDED).to_pylist()
        return pa.array(
            [
                row["reason"] != _KNOWN and last.get((row["source"], row["uri"]), row["run_id"]) == row["run_id"]
                for row in rows
            ],
            pa.bool_(),
        )

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Rows of `inputs`: one for each file."""
        documents: Counter[tuple[str, str]] = Counter()
        for row in self._readings:
            documents[row["source"], row["path"]] += row["documents"]
        return [self._row(row, documents[file]) for file, row in self._last.items()]

    def _row(self, last: Mapping[str, Any], documents: int) -> Mapping[str, Any]:
        reasons = self._reasons[last["source"], last["uri"], last["run_id"]]
        known = reasons[_KNOWN]
        return {
            **last,
            "root": last["uri"].removesuffix(last["path"]).rstrip("/"),
            "stamp": "",  # not noted: the file is opened once
            "settings": f"0:{last['settings']}",
            "retry": any(reasons[reason] for reason in _TRANSIENT),
            "documents": documents,
            "rejects": last["rejects"] - known,
            "known": known,
            "kept": documents - last["documents"] - known,
        }

    @cached_property
    def _readings(self) -> list[dict[str, Any]]:
        """Of all files, the oldest first."""
        rows: list[dict[str, Any]] = self.inputs.to_pylist()
        return sorted(rows, key=lambda row: (row["recorded_at"], row["source"], row["uri"]))

    @cached_property
    def _last(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(source, path) -> the last reading of the file."""
        return {(row["source"], row["path"]): row for row in self._readings}

    @cached_property
    def _reasons(self) -> dict[tuple[str, str, str], Counter[str]]:
        """(source, uri, run id) -> rejects of that reading by reason."""
        found: dict[tuple[str, str, str], Counter[str]] = {}
        wanted = pc.is_in(self.rejects["reason"], value_set=pa.array([_KNOWN, *_TRANSIENT]))
        counted = self.rejects.filter(wanted).group_by(list(NEEDED)).aggregate([([], "count_all")])
        for row in counted.to_pylist():
            file = (row["source"], row["uri"], row["run_id"])
            found.setdefault(file, Counter())[row["reason"]] = row["count_all"]
        return {**{(row["source"], row["uri"], row["run_id"]): Counter() for row in self._readings}, **found}

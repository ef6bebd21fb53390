"""What the splits of a file read, added up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

WHOLE = ("source", "uri", "path", "format", "size", "fingerprint")
COUNTS = ("rows_read", "documents", "rejects", "transient", "bytes_read")


def by_file(summaries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Staged rows of kind 'summary' -> one row a file, in the order of (source, uri).

    `rows_read = documents + rejects` holds for every file, unless a reader has lost or doubled a record.
    """
    files: dict[tuple[Any, ...], Counter[str]] = {}
    skipped: dict[tuple[Any, ...], Counter[str]] = {}
    for row in summaries:
        file = tuple(row[name] for name in WHOLE)
        files.setdefault(file, Counter()).update({name: row[name] for name in COUNTS})
        skipped.setdefault(file, Counter()).update(dict(row["skipped"]))
    return [
        {
            **dict(zip(WHOLE, file, strict=True)),
            **{name: counts[name] for name in COUNTS},
            "skipped": sorted(skipped[file].items()),
        }
        for file, counts in sorted(files.items(), key=lambda item: item[0][:2])
    ]

"""What other programs do to a table of sequences: files in another layout, other rows, a log without statistics."""

import json
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq


def actions(table):
    """All actions of a log without checkpoints, in order."""
    logs = sorted(Path(table, "_delta_log").glob("*.json"))
    return [json.loads(line) for log in logs for line in log.read_text().splitlines()]


def commit(table, *added):
    """One more version."""
    log = Path(table, "_delta_log")
    name = f"{len(list(log.glob('*.json'))):020d}.json"
    lines = [{"commitInfo": {"operation": "by hand", "timestamp": 0}}, *added]
    (log / name).write_text("\n".join(map(json.dumps, lines)) + "\n")


def data_files(table):
    """Paths below the table of the files of its newest version, sorted."""
    found = set()
    for action in actions(table):
        if "add" in action:
            found.add(unquote(action["add"]["path"]))
        if "remove" in action:
            found.discard(unquote(action["remove"]["path"]))
    return sorted(found)


def replace(table, path, change=lambda rows: rows, with_statistics=True, **options):
    """Commits one file anew: its rows as `change` makes them, written by pyarrow with these options."""
    [old] = [each["add"] for each in actions(table) if unquote(each.get("add", {}).get("path", "")) == path]
    file = Path(table, path)
    rows = change(pq.ParquetFile(file).read())
    new = file.with_name(f"other-{len(actions(table))}-{file.name}")
    pq.write_table(rows, new, **options)
    added = {**old, "path": f"{path.rpartition('/')[0]}/{new.name}", "size": new.stat().st_size}
    added["stats"] = json.dumps({"numRecords": rows.num_rows}) if with_statistics else None
    commit(table, {"remove": {"path": old["path"], "deletionTimestamp": 0, "dataChange": True}}, {"add": added})
    return added["path"]


def rows_of(table, paths):
    """The rows of data files, one after another, as pyarrow decodes them."""
    return [row for path in paths for row in pq.ParquetFile(Path(table, path)).read().to_pylist()]

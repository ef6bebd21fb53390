"""The rows that `benchmarks.sizing.driver` measures: written to disk from those of a real lake, then held as the
driver holds them, by the code that does so in a run."""

import pickle
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.commits import CommitMetadata
from lake.data_files import DataFile
from lake.lake import Lake
from pipelines.tables import DOCUMENTS, INPUTS

_ROWS = "rows.parquet"
_SOME = 2000  # texts
_SIGNED = ("doc_id", "text_hash", "length", "priority", "batch", "bands")


def write_signatures(lake: Lake, rows: int, folder: Path) -> None:
    """Real signatures repeated under other names, texts and keys: buckets are distributed as in the lake."""
    signed = lake.read_here("signatures", _SIGNED).combine_chunks()
    copies = [_another(signed, number) for number in range(-(-rows // len(signed)))]
    table = pa.concat_tables(copies).slice(0, rows)
    columns = {
        "is_new": pa.array(np.ones(rows, np.bool_)),
        "survivor": table["doc_id"],
        "method": pa.nulls(rows, pa.string()),
        "similarity": pa.nulls(rows, pa.float64()),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    pq.write_table(table, folder / _ROWS)


def _another(signed: pa.Table, number: int) -> pa.Table:
    bands = signed["bands"].combine_chunks()
    keys = np.bitwise_xor(bands.flatten().to_numpy(), np.int64(number << 40))
    offsets = pa.array(np.append(0, np.cumsum(bands.value_lengths().to_numpy())), pa.int32())
    columns = {
        "doc_id": pa.array([f"{number:04x}{name[4:]}" for name in signed["doc_id"].to_pylist()]),
        "text_hash": pa.array([number.to_bytes(2, "big") + text[2:] for text in signed["text_hash"].to_pylist()]),
        "bands": pa.ListArray.from_arrays(offsets, pa.array(keys)),
    }
    return pa.table({name: columns.get(name, signed[name]) for name in _SIGNED})


def group(rows: int, folder: Path) -> object:
    """What finds followers and components of documents."""
    from pipelines.dedup.grouping import group as grouped

    documents = pq.read_table(folder / _ROWS)
    return documents, grouped(documents, exact=True)


def write_chain(lake: Lake, rows: int, folder: Path) -> None:
    """A chain through as many documents as there are edges: each name twice."""
    names = _names(rows + 1)
    pq.write_table(pa.table({"left": names[:-1], "right": names[1:]}), folder / _ROWS)


def connect(rows: int, folder: Path) -> object:
    """What connects candidate edges on the driver."""
    from pipelines.dedup.components import named_labels

    edges = pq.read_table(folder / _ROWS)
    return edges, named_labels(edges["left"], edges["right"])


def write_shingles(lake: Lake, rows: int, folder: Path) -> None:
    """Shingles of real texts, repeated with other hashes: sets of real sizes, of which none is similar to another."""
    from pipelines.dedup.config import MinHashConfig
    from pipelines.dedup.minhash import MinHasher

    texts = lake.read_here("measures", ["text"])["text"].combine_chunks().slice(0, _SOME)
    found = MinHasher(MinHashConfig()).shingles(texts)
    np.savez(folder / "shingles.npz", values=found.values, offsets=found.offsets)


def represent(rows: int, folder: Path) -> object:
    """Representatives of one component, as the task that verifies it holds them."""
    from pipelines.dedup.clusters import GreedyClusters
    from pipelines.dedup.minhash import Ragged

    stored = np.load(folder / "shingles.npz")
    values, offsets = stored["values"], stored["offsets"]
    clusters, each = GreedyClusters(0.75), len(offsets) - 1
    for number in range(-(-rows // each)):
        few = min(each, rows - number * each)
        ids = [f"{number:04x}{row:028x}" for row in range(few)]
        shingles = Ragged(_renamed(values, offsets, number), offsets[: few + 1])
        clusters.assign(["one"] * few, ids, np.ones(few, np.bool_), shingles)
    return clusters


def _renamed(values: np.ndarray, offsets: np.ndarray, number: int) -> np.ndarray:
    """Other hashes, each set in ascending order again."""
    other = values * np.uint64(2 * number + 1)
    documents = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    ordered: np.ndarray = other[np.lexsort((other, documents))]
    return ordered


def write_names(lake: Lake, rows: int, folder: Path) -> None:
    """Ids of documents."""
    pq.write_table(pa.table({"doc_id": _names(rows)}), folder / _ROWS)


def look_up(rows: int, folder: Path) -> object:
    """Ids in an Arrow array, looked up in a data file, as `Lake.read_holding` and a change do."""
    from lake.row_files import _among

    wanted = pq.read_table(folder / _ROWS)
    return wanted, _among(wanted.slice(0, 1000), wanted)


def scan(rows: int, folder: Path) -> object:
    """The ids of one data file, looked through for a thousand of them."""
    from lake.row_files import _count
    from pipelines.storage.storage import Storage

    file = DataFile(_ROWS, (folder / _ROWS).stat().st_size, rows)
    return _count(Storage(str(folder)), ".", file, pa.table({"doc_id": _names(1000)}))


def count_distinct(rows: int, folder: Path) -> object:
    """Distinct names in an Arrow array, as the clusters that the end of `tokenlake run` counts."""
    names = pq.read_table(folder / _ROWS)
    return names, pc.count_distinct(names["doc_id"])


def _names(count: int) -> pa.Array:
    return pa.array([f"{number:032x}" for number in range(count)])


def write_inputs(lake: Lake, rows: int, folder: Path) -> None:
    """A table `inputs` of so many files, all like one of the lake's."""
    one = lake.read_here(INPUTS.name, INPUTS.schema.names).slice(0, 1).to_pylist()[0]
    one["skipped"] = dict(one["skipped"] or ())
    paths = (f"{number:08d}-{one['path']}" for number in range(rows))
    made = [{**one, "path": path, "uri": f"{one['root']}/{path}"} for path in paths]
    files = _other(folder).write(pa.Table.from_pylist(made, INPUTS.schema), INPUTS, "ingest-0")
    _other(folder).commit_files(files, INPUTS, _metadata(), "append", None)


def know(rows: int, folder: Path) -> object:
    """What the driver knows of all files that were ever read."""
    from jobs.stages.known_sources import known_sources

    return known_sources(_other(folder))


def write_nothing(lake: Lake, rows: int, folder: Path) -> None:
    """For what needs no rows on disk."""


def plan_splits(rows: int, folder: Path) -> object:
    """Splits of input files, the tasks that they are assigned to, and the pickles that tasks are sent."""
    from pipelines.readers.config import SourceConfig
    from pipelines.readers.record import InputFile
    from pipelines.readers.splits import assign, split

    config = SourceConfig(name="pages", path="/corpus/*.warc.gz")
    uris = (f"s3://crawl/segments/{number:08d}/part-{number:08d}.warc.gz" for number in range(rows))
    files = [
        InputFile("pages", uri, uri[10:], "warc", "gzip", 1 << 27, f"{number:032x}", uri, f"{number:032x}")
        for number, uri in enumerate(uris)
    ]
    tasks = assign(split(files, config, 1 << 27), rows)
    return files, tasks, [pickle.dumps(task) for task in tasks]


def write_log(lake: Lake, rows: int, folder: Path) -> None:
    """A table whose log names so many data files, with the statistics that this program writes."""
    _other(folder).commit_files(_data_files(lake, rows), DOCUMENTS, _metadata(), "append", None)


def list_data_files(rows: int, folder: Path) -> object:
    """The table opened, and its data files as every read of a table lists them."""
    lake = _other(folder)
    return lake, lake.files(DOCUMENTS.name)


def write_reports(lake: Lake, rows: int, folder: Path) -> None:
    """What tasks report of the data files that they wrote."""
    from lake.data_files import reported

    batch = reported((DOCUMENTS.name, file) for file in _data_files(lake, rows))
    pq.write_table(pa.Table.from_batches([batch]), folder / _ROWS)


def make_manifest(rows: int, folder: Path) -> object:
    """The manifest of an ingest, from the reports of its tasks."""
    from jobs.stages.staged_files import manifest

    reports = pq.read_table(folder / _ROWS)
    made = manifest(reports, "ingest-0", 0.0, "", {})
    return reports, made, made.to_json()


def _data_files(lake: Lake, rows: int) -> list[DataFile]:
    one = lake.files(DOCUMENTS.name)[0]
    names = (f"part-ingest-{number:016x}-{number:012x}.parquet" for number in range(rows))
    return [DataFile(name, one.size, one.rows, {}, one.low, one.high) for name in names]


def _other(folder: Path) -> Lake:
    return Lake(str(folder / "lake"))


def _metadata() -> CommitMetadata:
    return CommitMetadata("ingest-0", "ingest", "append", "", "", {}, time.time())

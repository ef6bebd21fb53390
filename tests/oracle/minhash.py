"""MinHash on both sides: signatures of texts, and the partition that four stages there and a lake here end in."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from oracle import environment
from oracle.texts import LANGUAGES

from jobs.config import RunConfig
from jobs.engine.base import Engine
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from lake.lake import Lake
from pipelines.dedup.config import MinHashConfig
from pipelines.dedup.minhash import MinHasher, Signatures

SCRIPT = "datatrove_minhash.py"
PARTS = 8  # files, and so tasks of datatrove
_AT_ONCE = 500  # texts
# Nothing is cut, rewritten or dropped on the way to deduplication, and transitive closure is accepted.
PARITY = {
    "clean": {"policy": "none"},
    "dedup": {"exact": False, "minhash": {"verify": False, "language": "en"}},
}

Partition = set[frozenset[str]]


def datatrove(
    documents: Mapping[str, str], language: str, last: Literal["signatures", "clusters"], workers: int = 1
) -> Path:
    """Runs datatrove on documents (id -> text), unless it has answered before; the folder with what it left."""
    parts = [
        "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in list(documents.items())[part::PARTS])
        for part in range(PARTS)
    ]
    folder = environment.kept(SCRIPT, json.dumps([language, last, parts]).encode())
    if not (folder / "done").exists():
        (folder / "documents").mkdir(parents=True, exist_ok=True)
        for number, part in enumerate(parts):
            (folder / "documents" / f"{number:05}.jsonl").write_text(part, "utf-8")
        environment.run(SCRIPT, folder, LANGUAGES[language], last, str(workers))
        (folder / "done").touch()
    return folder


def datatroves_signatures(folder: Path, documents: Mapping[str, str]) -> Signatures:
    """What stage 1 wrote, in the order of the documents."""
    config = MinHashConfig()
    record = np.dtype([("minima", "<u8", (config.hashes_per_bucket,)), ("row", "<u4")])
    minima = np.zeros((len(documents), config.buckets, config.hashes_per_bucket), np.uint64)
    present = np.zeros((len(documents), config.buckets), np.bool_)
    for bucket in range(config.buckets):
        for part in range(PARTS):
            found = np.fromfile(folder / "signatures" / f"bucket_{bucket:03}" / f"{part:05}.minhash.sig", record)
            rows = found["row"].astype(np.int64) * PARTS + part
            minima[rows, bucket], present[rows, bucket] = found["minima"], True
    return Signatures(minima.reshape(len(documents), -1), present.all(axis=1))


def our_signatures(documents: Mapping[str, str], language: str) -> Signatures:
    """What our kernels compute, by the language's word rules."""
    hasher, texts = MinHasher(MinHashConfig(language=language)), list(documents.values())
    parts = [hasher.signatures(texts[i : i + _AT_ONCE]) for i in range(0, len(texts), _AT_ONCE)]
    return Signatures(
        np.concatenate([part.minima for part in parts]), np.concatenate([part.present for part in parts])
    )


def equal(theirs: Signatures, ours: Signatures) -> npt.NDArray[np.bool_]:
    """Which documents have the same signature bit for bit, or none on both sides, (D,)."""
    same = (theirs.minima == ours.minima).all(axis=1)
    return (theirs.present == ours.present) & (same | ~theirs.present)


def datatroves_partition(folder: Path, documents: Mapping[str, str]) -> Partition:
    """Clusters of more than one document, as stage 3 wrote them; stage 4 must have kept one of each."""
    names, members = list(documents), defaultdict(set)
    for file in folder.glob("components/*.clusters"):
        for row, cluster in np.fromfile(file, "<u4").reshape(-1, 2).tolist():
            members[cluster].add(names[row * PARTS + int(file.stem)])
    kept = {json.loads(line) for line in (folder / "kept.jsonl").read_text("utf-8").splitlines()}
    assert all(len(cluster & kept) == 1 for cluster in members.values())
    assert len(kept) == len(documents) - sum(map(len, members.values())) + len(members)
    return {frozenset(cluster) for cluster in members.values()}


def our_partition(engine: Engine, inputs: Path, lake: Path) -> Partition:
    """Clusters of a lake that JSON lines with an id went into, through all stages up to dedup."""
    source = {"name": "corpus", "path": str(inputs), "id_column": "id"}
    config = RunConfig.model_validate({"lake": str(lake), "sources": [source], **PARITY})
    assert run_stages(engine, config, Reporter(), ("ingest", "clean", "dedup"), conclude=False) == 0
    tables = Lake(config.lake, engine)
    named = tables.read("documents").selectExpr("doc_id", "meta['id'] AS id")
    members = defaultdict(set)
    for row in tables.read("duplicates").join(named, on="doc_id", how="inner").select("cluster_id", "id").collect():
        members[row.cluster_id].add(row.id)
    return {frozenset(cluster) for cluster in members.values() if len(cluster) > 1}

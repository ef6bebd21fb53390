"""A small lake, written table by table, with a hand-made story in every table.

32 documents: 20 in English, 8 in German, 4 hostile ones in French that fail rules. Documents 0, 1 and 2 are copies.
"""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.reading import Frames
from pipelines import tables
from pipelines.policies.decide import reasons
from pipelines.policies.files import load
from pipelines.policies.policy import Policy

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "<script>alert('text')</script> & \u202eright to left\x00 end"
HOSTILE_URI = "/data/<img src=x onerror=alert(1)>.txt"
LENGTH = 64
ENCODINGS = {
    3: [("encoding", "cp949"), ("encoding_source", "detected")],
    4: [("encoding", "utf-8"), ("encoding_source", "detected"), ("undecodable", "1"), ("joined_surrogates", "3")],
    5: [("encoding", "cp949"), ("encoding_source", "detected"), ("undecodable", "2")],
    6: [("url", "https://example.org/"), ("undecodable", "a column of the reader")],
}


def policy() -> Policy:
    """Gopher's two rule sets as they come, for English and German."""
    gopher = load("gopher")
    return gopher.model_copy(update={"name": "hand_made", "languages": {"de": {"gopher_quality": {"short_doc": 40}}}})


def documents() -> list[dict[str, object]]:
    """The 32 documents; number 31 is hostile and fails rules."""
    rows = []
    for number in range(32):
        language = "en" if number < 20 else "de" if number < 28 else "fr"
        copy = 0 if number < 3 else number
        text = f"The text of document {copy} goes on and on. " * 20 if number < 28 else HOSTILE
        rows.append(
            {
                "doc_id": f"{number:032x}",
                "source": "web" if number % 2 else "books",
                "uri": HOSTILE_URI if number >= 28 else f"/data/{number}.txt",
                "position": 0,
                "text": text,
                "language": language,
                "language_score": 0.9,
                "meta": ENCODINGS.get(number, []),
                "run_id": "ingest-1",
                "ingested_at": WHEN,
            }
        )
    return rows


def measures() -> list[dict[str, object]]:
    """Measures that pass Gopher's thresholds for 28 documents, and fail two of them for the last four."""
    rows = []
    for number, document in enumerate(documents()):
        good = number < 28
        same = ("doc_id", "source", "language", "language_score", "text")
        row: dict[str, object] = {name: document.get(name) for name in same}
        row |= {
            "gopher_repetition": _all("gopher_repetition", 0.0) | {"top_2_gram": 0.05 if good else 0.5},
            "gopher_quality": _all("gopher_quality", 0.0)
            | {
                "words": 45 if number == 27 else 60 + 10 * number if good else 3,
                "mean_word_length": 4.0 if good else None,
                "alpha_word_ratio": 0.95,
                "stop_words": 4 if good else 2,
            },
            "c4": _all("c4", 0) | {"lorem_ipsum": False, "curly_bracket": number == 5},
            "fineweb": _all("fineweb", 0),
            "c4_fineweb": _all("c4_fineweb", 0),
            "size": _all("size", 100),
            "c4_size": _all("c4_size", 100),
            "run_id": "clean-1",
        }
        rows.append(row)
    return rows


def _all(rule_set: str, value: object) -> dict[str, object]:
    """Every field of a rule set's struct, with one value."""
    return {field.name: value for field in tables.MEASURES.schema.field(rule_set).type}


def decisions() -> list[dict[str, object]]:
    rows = []
    for row in measures():
        failed = reasons(row, policy())
        rows.append(
            {
                "doc_id": row["doc_id"],
                "policy": policy().label,
                "kept": not failed,
                "reasons": failed,
                "run_id": "clean-2",
            }
        )
    return rows


def rejects() -> list[dict[str, object]]:
    return [
        {
            "source": "web",
            "uri": f"/data/broken-{position}.jsonl",
            "position": position,
            "reason": "bad_json",
            "detail": "<b>unexpected</b> end",
            "sample": b'{"text": "<script>\xff\x00',
            "run_id": "ingest-1",
            "ingested_at": WHEN,
        }
        for position in (7, 3)
    ]


def inputs() -> list[dict[str, object]]:
    counts = {"web": (16, 2), "books": (16, 0)}
    return [
        {
            "source": source,
            "uri": f"/data/{source}",
            "path": source,
            "format": "text",
            "size": 2_000_000,
            "fingerprint": "f",
            "settings": "s",
            "rows_read": documents + rejects,
            "documents": documents,
            "rejects": rejects,
            "skipped": [("request", 5)] if source == "web" else [],
            "bytes_read": 2_000_000,
            "run_id": "ingest-1",
            "recorded_at": WHEN,
        }
        for source, (documents, rejects) in counts.items()
    ]


def duplicates() -> list[dict[str, object]]:
    return [
        {
            "doc_id": f"{number:032x}",
            "method": "exact",
            "cluster_id": f"{2:032x}",
            "cluster_size": 3,
            "kept": number == 2,
            "similarity": 1.0,
            "component_id": f"{0:032x}",
            "run_id": "dedup-1",
        }
        for number in range(3)
    ]


def clean_documents() -> list[dict[str, object]]:
    return [
        {
            "doc_id": row["doc_id"],
            "source": row["source"],
            "language": row["language"],
            "text": row["text"],
            "characters": len(str(row["text"])),
            "rewritten": [("c4_lines", 100), ("pii", -2)] if row["language"] == "de" else [],
            "pii": [],
            "split_group_id": row["doc_id"],
            "run_id": "dedup-2",
        }
        for row in documents()[2:28]
    ]


def tokens() -> list[dict[str, object]]:
    return [
        {
            "doc_id": row["doc_id"],
            "tokenizer": "t",
            "ids": bytes(2 * 47),
            "n_tokens": 47,
            "split_group_id": row["doc_id"],
            "run_id": "tokenize-1",
        }
        for row in clean_documents()
    ]


def sequences() -> list[dict[str, object]]:
    """26 documents of 47 tokens and a separator: 24 fill 18 sequences, one more makes 3/4 of one, one is held out."""
    lengths = [LENGTH] * 18 + [48, 48]
    return [
        {
            "sequence_id": f"{number:032x}",
            "split": "heldout" if number == 19 else "train",
            "position": number,
            "ids": bytes(2 * LENGTH),
            "n_tokens": length,
            "doc_lengths": [length],
            "doc_ids": [f"{number:032x}"],
            "doc_offsets": [0],
            "run_id": "pack-1",
        }
        for number, length in enumerate(lengths)
    ]


def runs() -> list[dict[str, object]]:
    return [
        {
            "run_id": "ingest-1",
            "stage": "ingest",
            "table": "documents",
            "mode": "append",
            "config_hash": "c1",
            "code_version": "0.1.0",
            "inputs": [],
            "output_version": 0,
            "rows_in": 34,
            "rows_out": 32,
            "seconds": 2.5,
            "status": "done",
            "detail": [],
            "started_at": WHEN,
            "finished_at": WHEN,
        }
    ]


ROWS = (
    (tables.INPUTS, inputs),
    (tables.DOCUMENTS, documents),
    (tables.REJECTS, rejects),
    (tables.MEASURES, measures),
    (tables.DECISIONS, decisions),
    (tables.DUPLICATES, duplicates),
    (tables.CLEAN_DOCUMENTS, clean_documents),
    (tables.TOKENS, tokens),
    (tables.sequences("causal"), sequences),
    (tables.RUNS, runs),
)


def write(engine: Frames, root: Path, names: set[str] | None = None) -> Lake:
    """A lake of all tables, or of some."""
    lake = Lake(str(root), engine)
    for table, rows in ROWS:
        if names is None or table.name in names:
            note = CommitMetadata(f"{table.name}-1", "hand-made", "rebuild", "c1", "0.1.0", {}, WHEN.timestamp())
            lake.overwrite(pa.Table.from_pylist(rows(), schema=table.schema), table, note, -1)
    lake.storage.write_text(f"policies/{policy().label}.json", policy().model_dump_json())
    return lake

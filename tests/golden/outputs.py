"""What each step makes of fixed input, as a digest for each row; kept in `outputs.json` beside this file.

The steps do not feed each other: each has input of its own, so a change of one shows in that one alone.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from golden import pair_outputs
from golden.texts import PAIRS, RECORDS, TEXTS, write_files
from pyspark.sql import functions as F
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from features.computation.bitext import language_pair_statistics, length_counts, pairs, segment_memory
from features.computation.bitext_lines import LINES, read_lines
from features.computation.clients import client_profile
from features.computation.config import BitextConfig
from features.computation.document import document_measures, document_state
from features.computation.glossary import term_glossary
from features.computation.input_file import found
from features.computation.reading import Reading
from features.computation.source import source_counts, source_quality
from jobs.config import RunConfig
from jobs.engine.base import Engine
from jobs.pipeline import run_stages
from jobs.progress import Reporter
from jobs.stages.pack_masked import SentenceEncoder
from jobs.stages.token_counts import TokenCounter
from lake.lake import Lake
from lake.scratch import Scratch
from pipelines.contamination.benchmarks import Benchmark
from pipelines.contamination.config import DecontaminateConfig
from pipelines.contamination.index import Index
from pipelines.contamination.spark import contaminated
from pipelines.dedup.config import DedupConfig
from pipelines.dedup.spark import clusters, signatures
from pipelines.passages.config import PassagesConfig
from pipelines.passages.spark import decide as decide_passages
from pipelines.passages.spark import passages, repeats
from pipelines.policies.passages import PassageThresholds
from pipelines.policies.policy import Policy
from pipelines.policies.rules import RULE_SETS
from pipelines.policies.spark import decide
from pipelines.rules.config import MeasureConfig
from pipelines.rules.spark import measures
from pipelines.sequences.config import PackConfig
from pipelines.sequences.masked.config import MaskedConfig
from pipelines.sequences.masked.spark import pack as pack_masked
from pipelines.sequences.masked.spark import sentences
from pipelines.sequences.shard import TokenFormat
from pipelines.sequences.spark import pack
from pipelines.tables import (
    CLEAN_DOCUMENTS,
    DECISIONS,
    DOCUMENTS,
    DUPLICATES,
    MEASURES,
    PAIR_MEASURES,
    PASSAGES,
    SIGNATURES,
    TOKENS,
    SequenceFormat,
    Table,
)
from pipelines.text.finalize import FinalizeConfig
from pipelines.text.spark import clean_documents
from pipelines.tokenizer.choice import EncoderChoice
from pipelines.tokenizer.load import parse
from pipelines.tokenizer.spark import tokens

FILE = Path(__file__).with_name("outputs.json")

Rows = Iterator[tuple[str, Mapping[str, Any]]]
"""The name of each row, and the row."""

# They tell one run from another, or one machine from another.
_LEFT_OUT = {
    "run_id", "ingested_at", "recorded_at", "uri", "root", "stamp", "detail", "sample", "settings", "fingerprint",
}  # fmt: skip
# Columns that came later, null unless a setting asks for them: without it, a step's rows are what they were.
_WHERE_ASKED_FOR = {"classifiers"}


class Outputs:
    """The outputs of all steps, on one engine."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.lake = Lake(str(folder / "lake"), engine)

    def digests(self, step: str) -> dict[str, str]:
        """name of a row -> digest of its content."""
        return {name: _digest(row) for name, row in getattr(self, step)()}

    def reading(self) -> Rows:
        """Files to documents, rejects and counts."""
        source = {"name": "golden", "path": str(write_files(self.folder / "files")), "id_column": "id"}
        config = RunConfig.model_validate({"lake": self.lake.root, "sources": [source]})
        run_stages(self.engine, config, Reporter(log_json=False), ["ingest"], conclude=False)
        for table in ("documents", "rejects", "inputs"):
            for row in self.lake.read(table).toArrow().to_pylist(maps_as_pydicts="strict"):
                file = row["uri"].rpartition("/")[2]
                yield f"{table}: {file} {row.get('position', '')}".strip(), row

    def measuring(self) -> Rows:
        """Texts to measures."""
        return _by_id(measures(self._texts(DOCUMENTS), MeasureConfig(), "golden").frame())

    def comparing(self) -> Rows:
        """Texts to their overlaps with a benchmark of some of them, cut short."""
        items = [text[:90] for name, (_, text) in TEXTS.items() if "-" not in name]
        benchmark = Benchmark("golden", items, np.arange(len(items)), len(items))
        file = self.folder / "golden.index"
        file.write_bytes(Index.build([benchmark], 6, 3).to_bytes())
        texts = self._texts(DOCUMENTS).withColumn("c4_text", F.expr("nullif(substring(text, 1, 60), text)"))
        config = DecontaminateConfig(n=6, shortest=3, margin=2, shortest_piece=9)
        return _by_id(contaminated(texts, str(file), config, "golden").frame())

    def deciding(self) -> Rows:
        """Made-up measures to decisions, under the thresholds that rules have by default."""
        rows = [{**_made_up(MEASURES.schema, f"measures {n}"), "doc_id": str(n)} for n in range(40)]
        policy = Policy(name="golden", order=tuple(RULE_SETS))
        measured = self.engine.frame(pa.Table.from_pylist(rows, MEASURES.schema))
        return _by_id(decide(measured, policy, "golden").drop("policy"))

    def signing(self) -> Rows:
        """Texts to signatures."""
        texts = pa.Table.from_pylist(
            [{"doc_id": name, "text": text, "priority": 1} for name, (_, text) in TEXTS.items()],
            pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("priority", pa.int32())]),
        )
        return _by_id(signatures(self.engine.frame(texts), DedupConfig(), 0, "golden").frame())

    def clustering(self) -> Rows:
        """Made-up signatures to clusters, in two batches."""
        documents = self._texts(CLEAN_DOCUMENTS).select("doc_id", "text")
        signed = [_signature(number, name, text) for number, (name, (_, text)) in enumerate(TEXTS.items())]
        with Scratch(self.lake, "golden") as scratch:
            first = self.engine.frame(pa.Table.from_pylist(signed[::2], SIGNATURES.schema))
            both = self.engine.frame(
                pa.Table.from_pylist([{**row, "batch": n % 2} for n, row in enumerate(signed)], SIGNATURES.schema)
            )
            config = DedupConfig()
            known = scratch.keep(clusters(first, None, lambda _: documents, config, 0, "golden", scratch))
            later = clusters(both, known, lambda _: documents, config, 1, "golden", scratch)
            for batch, rows in (("first", known), ("later", later)):
                for name, row in _by_id(rows):
                    yield f"{batch}: {name}", row

    def finding_passages(self) -> Rows:
        """Texts, each with a copy that has a sentence more, to passages."""
        config = PassagesConfig.model_validate({"sentences": {"window": 2}, "paragraphs": {}, "boilerplate": {}})
        copied = [{**row, "doc_id": f"{row['doc_id']} again", "text": f"{row['text']}\nMore."} for row in _documents()]
        rows = [*_documents(), *copied]
        signed = [_signature(number, row["doc_id"], row["text"]) for number, row in enumerate(rows)]
        before = pa.struct([PASSAGES.schema.field(name) for name in ("site_pages", "repeats")])
        columns = pa.schema([(name, pa.string()) for name in ("doc_id", "source", "language", "url", "text")])
        with Scratch(self.lake, "golden") as scratch:
            candidates = self.engine.frame(pa.Table.from_pylist(rows, columns))
            found = passages(candidates, config).frame().toArrow()
            documents = self.engine.frame(found.append_column("before", pa.nulls(len(found), before)))
            signatures = self.engine.frame(pa.Table.from_pylist(signed, SIGNATURES.schema))
            return iter(list(_by_id(repeats(documents, None, signatures, scratch, "golden").frame())))

    def deciding_passages(self) -> Rows:
        """Made-up repeats of documents of ten sentences to spans, under the thresholds that they have by default."""
        schema = pa.schema([PASSAGES.schema.field(name) for name in ("doc_id", "site_pages", "sentences", "repeats")])
        measured = self.engine.frame(pa.Table.from_pylist([_repeating(number) for number in range(40)], schema))
        return _by_id(decide_passages(measured, None, PassageThresholds(), "golden", "golden").frame())

    def finalizing(self) -> Rows:
        """Candidates and duplicates to clean documents."""
        dropped = {**dict.fromkeys(DUPLICATES.schema.names), "doc_id": "english-copy", "kept": False}
        kept = {**dropped, "doc_id": "english", "kept": True, "component_id": "component"}
        duplicates = self.engine.frame(pa.Table.from_pylist([dropped, kept], DUPLICATES.schema))
        candidates = self._texts(DOCUMENTS).withColumn("c4_removed", F.lit(None).cast("long"))
        return _by_id(clean_documents(candidates, duplicates, FinalizeConfig(), "golden").frame())

    def encoding(self) -> Rows:
        """Texts to ids of a small byte-level tokenizer."""
        choice = EncoderChoice("tokenizers", "golden")
        return _by_id(tokens(self._texts(CLEAN_DOCUMENTS), parse(_tokenizer(), "golden"), "golden", choice).frame())

    def packing(self) -> Rows:
        """Made-up tokens to sequences, with both strategies."""
        chance = random.Random(0)
        rows = [_tokens(f"{number:03d}", chance.randrange(1, 90)) for number in range(80)]
        made = self.engine.frame(pa.Table.from_pylist(rows, TOKENS.schema))
        token_format = TokenFormat("golden", separator=1, pad=0, item_size=2)
        for strategy in ("concat", "best_fit"):
            config = PackConfig.model_validate(
                {"length": 64, "strategy": strategy, "heldout": 0.2, "shard_tokens": 999}
            )
            for row in pack(made, token_format, config, "golden").toArrow().to_pylist():
                yield f"{strategy}: {row['split']} {row['position']}", row

    def packing_masked(self) -> Rows:
        """Texts, their sentences encoded by the small tokenizer, to rows for a masked language model."""
        config = MaskedConfig.model_validate({"length": 64, "heldout": 0.2, "shard_tokens": 999})
        row_format = SequenceFormat("masked", 64, 16, 301, 300, "golden", start_id=302, mask_id=303, vocabulary=304)
        encode = SentenceEncoder(parse(_tokenizer(), "golden").json, "tokenizers")
        with Scratch(self.lake, "golden masked") as scratch:
            encoded = scratch.keep(sentences(self._texts(CLEAN_DOCUMENTS), encode, config).frame())
            for row in pack_masked(encoded, row_format, config, "golden").toArrow().to_pylist():
                yield f"{row['split']} {row['position']}", row

    def pair_reading(self) -> Rows:
        return pair_outputs.reading(self.folder / "pair files")

    def pair_measuring(self) -> Rows:
        return pair_outputs.measuring()

    def pair_deciding(self) -> Rows:
        made = [{**_made_up(PAIR_MEASURES.schema, f"pairs {n}"), "pair_id": f"{n:02d}"} for n in range(40)]
        return pair_outputs.deciding([{**row, "source_language": "de", "target_language": "en"} for row in made])

    def pair_comparing(self) -> Rows:
        return pair_outputs.comparing(self.engine)

    def pair_finalizing(self) -> Rows:
        return pair_outputs.finalizing(self.engine)

    def pair_encoding(self) -> Rows:
        return pair_outputs.encoding(self.engine, parse(_tokenizer(), "golden"))

    def packing_translation(self) -> Rows:
        return pair_outputs.packing(self.engine)

    def document_features(self) -> Rows:
        """Made-up tables of a lake to features of documents."""
        tables = self._documents()
        for name, row in _by_id(document_measures(tables["measures"])):
            yield f"measures: {name}", row
        for name, row in _by_id(document_state(**{name: tables[name] for name in tables if name != "documents"})):
            yield f"state: {name}", row

    def source_features(self) -> Rows:
        """The same tables to features of sources."""
        counts = source_counts(**self._documents()).toArrow()
        for row in source_quality(counts, pa.table({"source": ["de", "other"], "rejects": [3, 1]})).to_pylist():
            yield row["source"], row

    def bitext_features(self) -> Rows:
        """A few sentence pairs, some more than once, to features of language pairs and segments."""
        file = self.folder / "pairs.tsv"
        lines = [f"{source}\t{target}\t2026-05-{day:02d}" for day, (source, target) in enumerate(PAIRS, start=1)]
        file.write_text("\n".join(lines), "utf-8")
        config = BitextConfig(
            path=str(file),
            source_language="de",
            target_language="en",
            columns=("source", "target", "time"),
            both_directions=True,
        )
        with Scratch(self.lake, "golden") as scratch:
            lines_read = scratch.stream(read_lines(found(str(file)), config, Reading("pairs")), LINES)
            measured = scratch.keep(pairs(lines_read, TokenCounter(parse(_tokenizer(), "golden").json)))
            for row in segment_memory(measured).toArrow().to_pylist():
                yield f"{row['source_language']}: {row['segment_id']}", row
            for row in language_pair_statistics(length_counts(measured).toArrow()).to_pylist():
                yield row["source_language"], row

    def record_features(self) -> Rows:
        """A glossary and a list of clients to features."""
        for name, text in RECORDS.items():
            (self.folder / name).write_text(text, "utf-8")
        for row in term_glossary([found(str(self.folder / "glossary.csv"))]).to_pylist():
            yield f"{row['domain']}: {row['term']}", row
        for row in client_profile([found(str(self.folder / "clients.yaml"))]).to_pylist():
            yield row["client_id"], row

    def _documents(self) -> dict[str, Any]:
        """Made-up tables of 60 documents; each later table lacks five more of them."""
        made = {}
        for place, table in enumerate((DOCUMENTS, MEASURES, DECISIONS, DUPLICATES, CLEAN_DOCUMENTS, TOKENS)):
            rows = [_made_up_document(table, number) for number in range(60 - 5 * place)]
            made[table.name] = self.engine.frame(pa.Table.from_pylist(rows, table.schema))
        return made

    def _texts(self, table: Table) -> Any:
        """The texts as rows of a table; its other columns are empty."""
        rows = [
            {
                **dict.fromkeys(table.schema.names),
                "doc_id": name,
                "source": "golden",
                "language": language,
                "text": text,
                "split_group_id": name,
            }
            for name, (language, text) in TEXTS.items()
        ]
        return self.engine.frame(pa.Table.from_pylist(rows, table.schema))


def _by_id(rows: Any) -> Rows:
    for row in rows.toArrow().to_pylist(maps_as_pydicts="strict"):
        yield row["doc_id"], row


def _digest(row: Mapping[str, Any]) -> str:
    absent = {name for name in _WHERE_ASKED_FOR if row.get(name) is None}
    kept = {name: value for name, value in row.items() if name not in _LEFT_OUT | absent}
    canonical = json.dumps(_canonical(kept), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _canonical(value: Any) -> Any:
    """The value as JSON; machines differ in the last digits of a floating-point number."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _canonical(each) for key, each in value.items()}
    return [_canonical(each) for each in value] if isinstance(value, list) else value


def _made_up(schema: Any, path: str) -> dict[str, Any]:
    """A value for every field, by chance but always the same: another field more changes no other one's value."""
    return {field.name: _value(field.type, f"{path} {field.name}") for field in schema}


def _value(kind: pa.DataType, path: str) -> Any:
    if pa.types.is_struct(kind):
        return _made_up(kind, path)
    if pa.types.is_map(kind):
        return None
    chance = random.Random(path)
    if chance.random() < 0.1:
        return None
    if pa.types.is_boolean(kind):
        return chance.random() < 0.3
    if pa.types.is_integer(kind):
        return chance.choice([0, 1, 3, 50, 200])
    return chance.choice([0.0, 0.05, 0.3, 0.9]) if pa.types.is_floating(kind) else chance.choice(["en", "de", "zh"])


def _made_up_document(table: Table, number: int) -> dict[str, Any]:
    """A row of a table; a quarter of the documents were ingested 40 days before the others."""
    made_up = (pa.types.is_struct, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_string)
    simple = pa.schema([field for field in table.schema if any(is_one(field.type) for is_one in made_up)])
    empty = dict.fromkeys({*table.schema.names} - {*simple.names})
    row = {**_made_up(simple, f"{table.name} {number}"), **empty, "doc_id": f"{number:02d}"}
    fixed = {
        "source": ("en", "de", "zh")[number % 3],
        "ingested_at": datetime(2026, 5 - (number % 4 == 0), 3, tzinfo=UTC),
    }
    return row | {name: value for name, value in fixed.items() if name in row}


def _signature(number: int, name: str, text: str) -> dict[str, Any]:
    """Every third document shares its first band with the two before."""
    bands = [number // 3, *(1000 + 20 * number + band for band in range(13))]
    text_hash = hashlib.blake2b(" ".join(text.split()).encode(), digest_size=16).digest()
    return {
        "doc_id": name,
        "text_hash": text_hash,
        "length": len(text),
        "priority": number % 2,
        "batch": 0,
        "bands": bands,
        "run_id": "golden",
    }


def _documents() -> list[dict[str, Any]]:
    """The texts as candidates, every second of them of one site."""
    return [
        {
            "doc_id": name,
            "source": "golden",
            "language": language,
            "url": f"http://golden.example.org/{name}" if number % 2 else None,
            "text": text,
        }
        for number, (name, (language, text)) in enumerate(TEXTS.items())
    ]


def _repeating(number: int) -> dict[str, Any]:
    chance = random.Random(number)
    sentences = [{"start": 60 * n, "end": 60 * n + 59, "words": chance.randrange(2, 15)} for n in range(10)]
    repeats = []
    for kind in ("boilerplate", "paragraphs", "sentences"):
        for first in sorted(chance.sample(range(8), chance.randrange(4))):
            repeat = {"kind": kind, "start": 60 * first, "end": 60 * first + 119}
            repeats.append(repeat | {"documents": chance.randrange(2, 30), "earlier": chance.random() < 0.7})
    return {"doc_id": f"{number:02d}", "site_pages": 40, "sentences": sentences, "repeats": repeats}


def _tokens(name: str, count: int) -> dict[str, Any]:
    ids = np.arange(2, 2 + count, dtype="<u2").tobytes()
    return {
        "doc_id": name,
        "tokenizer": "golden",
        "ids": ids,
        "n_tokens": count,
        "split_group_id": name[:2],
        "run_id": "golden",
    }


def _tokenizer() -> str:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = ["<|endoftext|>", "<|pad|>", *alphabet, "th", "Ġth", "he", "Ġthe", "in", "an"]
    merges = [("t", "h"), ("Ġ", "th"), ("h", "e"), ("Ġth", "e"), ("i", "n"), ("a", "n")]
    made = Tokenizer(models.BPE(vocab={piece: number for number, piece in enumerate(pieces)}, merges=merges))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(["<|endoftext|>", "<|pad|>"])
    return made.to_str()

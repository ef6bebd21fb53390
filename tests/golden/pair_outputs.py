"""What each step of the stage pairs makes of fixed input."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from golden.texts import PAIRS as SENTENCES

from jobs.engine.base import Engine
from pipelines.bitext.config import PairDedupConfig, PairSourceConfig
from pipelines.bitext.policies.decide import decide
from pipelines.bitext.policies.policy import PairPolicy
from pipelines.bitext.readers.listing import list_pair_files
from pipelines.bitext.readers.splits import split_pairs
from pipelines.bitext.rules.catalogue import LANGUAGE_RULE, RULES
from pipelines.bitext.rules.measures import measure
from pipelines.bitext.spark import duplicates, joined_groups, sentence_edges, source_groups
from pipelines.bitext.staging import staged_batches
from pipelines.dedup.components import named_labels
from pipelines.sequences.translation.config import TranslationConfig
from pipelines.sequences.translation.spark import pack
from pipelines.tables import CLEAN_PAIRS, PAIR_MEASURES, PAIR_TOKENS, PAIRS, SequenceFormat
from pipelines.tokenizer.choice import EncoderChoice
from pipelines.tokenizer.load import LoadedTokenizer
from pipelines.tokenizer.spark import pair_tokens

Rows = Iterator[tuple[str, Mapping[str, Any]]]

_HARD = (
    ("Press <b>OK</b> now!", "Drücke <b>OK</b> jetzt!"),
    ("Home » Shop » Shoes > 42 * 43 > Sale", "12:30 – 14.45 (Uhr) [ab"),
    ("no no no no", "NeinNein nein"),
    ("fÃ¼r 100 % &#233; \\u00e9", "h a l l o   www.example.org/de"),
    ("The same text.", "the same TEXT"),
    ("", "…"),
    ("漢字かな交じり文", "Это предложение."),
)
_FILES = {
    "a.tsv": "One.\tEins.\tx\nonly one column\nTwo.\t \nThree\u00a0!\tDrei\u2028!\n",
    "b.en": "first\nsecond\n",
    "b.de": "erste\nzweite\n",
    "c.en": "first\nsecond\n",
    "c.de": "erste\n",
    "d.tmx": '<tmx><body><tu tuid="7"><tuv xml:lang="EN-us"><seg>a <ph>x</ph><hi>b</hi></seg></tuv><tuv lang="de">'
    '<seg>c</seg></tuv></tu><tu><tuv xml:lang="en"><seg>alone</seg></tuv></tu></body>',
    "e.po": '#, fuzzy\nmsgid "f"\nmsgstr "g"\n\nmsgctxt "c"\nmsgid "%d i"\nmsgid_plural "%d j"\nmsgstr[0] "%d k"\n'
    'msgstr[1] "%d\\nl"\n\nmsgid "u"\nmsgstr ""\n\n#~ msgid "o"\n#~ msgstr "p"\n',
    "f.doc": "?",
}


def reading(folder: Path) -> Rows:
    """Files of every format to pairs, rejects and counts."""
    folder.mkdir(exist_ok=True)
    for name, content in _FILES.items():
        (folder / name).write_text(content, "utf-8")
    config = PairSourceConfig(name="golden", path=str(folder), languages=("en", "de"), meta_columns={"third": 2})
    splits = split_pairs(list_pair_files(config), 1 << 20)
    for batch in staged_batches(splits, "golden", datetime(2026, 1, 1, tzinfo=UTC)):
        for number, row in enumerate(batch.to_pylist(maps_as_pydicts="strict")):
            if row["kind"] != "summary":
                yield f"{row['kind']}: {row['path']} {row['position']}", row
            else:
                yield f"summary {number}", {"rows": _counted(row["summary"])}


def _counted(summary: str) -> str:
    """A summary without where the files lie."""
    return json.dumps(
        {name: value for name, value in json.loads(summary).items() if name not in ("uri", "fingerprint")}
    )


def measuring() -> Rows:
    """Pairs in three pairs of languages to measures, with identified languages."""
    for languages in (("de", "en"), ("ja", "ru"), ("pt", "sr")):
        rows = _pairs([*SENTENCES, *_HARD], languages)
        for row in measure(rows, True, 0, "golden").to_pylist():
            yield f"{'-'.join(languages)} {row['pair_id']}", row


def _pairs(texts: list[tuple[str, str]], languages: tuple[str, str]) -> pa.RecordBatch:
    rows = [
        {
            **dict.fromkeys(PAIRS.schema.names),
            "pair_id": f"{number:02d}",
            "source": "golden",
            "source_text": source,
            "target_text": target,
            "source_language": languages[0],
            "target_language": languages[1],
        }
        for number, (source, target) in enumerate(texts)
    ]
    given = pa.RecordBatch.from_pylist(rows, PAIRS.schema)
    return given.append_column("priority", pa.array([0] * len(rows), pa.int32()))


def deciding(made_up: list[Mapping[str, Any]]) -> Rows:
    """Made-up measures to decisions, with a threshold for every rule."""
    thresholds: dict[str, float | None] = {name: 0.3 + number for number, name in enumerate(RULES)}
    thresholds |= {LANGUAGE_RULE: 0.3}
    policy = PairPolicy(name="golden", rules=thresholds, pairs={"de-*": dict.fromkeys(list(RULES)[::2], 0.05)})
    for row in decide(pa.RecordBatch.from_pylist(made_up, PAIR_MEASURES.schema), policy, "golden").to_pylist():
        yield row["pair_id"], {name: value for name, value in row.items() if name != "policy"}


def comparing(engine: Engine) -> Rows:
    """Made-up hashes to clusters of duplicates, by one side and by both."""
    measures = engine.frame(_hashes())
    for by in ("source", "target", "both"):
        for row in duplicates(measures, PairDedupConfig(by=by)).toArrow().to_pylist():
            yield f"{by}: {row['pair_id']}", row


def finalizing(engine: Engine) -> Rows:
    """Made-up hashes to groups of the held-out split."""
    measures = engine.frame(_hashes())
    edges = sentence_edges(measures).toArrow()
    chains = joined_groups(measures, engine.frame(named_labels(edges["source"], edges["target"])))
    for name, groups in (("source", source_groups(measures)), ("source_or_target", chains)):
        for row in groups.toArrow().to_pylist():
            yield f"{name}: {row['pair_id']}", row


def encoding(engine: Engine, tokenizer: LoadedTokenizer) -> Rows:
    """Pairs to ids of a small byte-level tokenizer."""
    named = [name for name in CLEAN_PAIRS.schema.names if name in PAIRS.schema.names]
    pairs = pa.Table.from_batches([_pairs([*SENTENCES, *_HARD], ("de", "en"))]).select(named)
    pairs = pairs.append_column("split_group_id", pairs["pair_id"])
    choice = EncoderChoice("tokenizers", "golden")
    for row in pair_tokens(engine.frame(pairs), tokenizer, "golden", choice).frame().toArrow().to_pylist():
        yield row["pair_id"], row


def packing(engine: Engine) -> Rows:
    """Made-up ids to rows in both directions; some sides are too long."""
    made = engine.frame(pa.Table.from_pylist([_encoded(number) for number in range(60)], PAIR_TOKENS.schema))
    row_format = SequenceFormat("translation", 32, 16, 0, 1, "golden")
    config = TranslationConfig(length=16, directions="both", heldout=0.2, shard_tokens=300)
    for row in pack(made, row_format, config, "golden").toArrow().to_pylist():
        yield f"{row['split']} {row['position']}", row


def _encoded(number: int) -> dict[str, Any]:
    n_source, n_target = number % 17, number * 5 % 19
    return {
        "pair_id": f"{number:02d}",
        "tokenizer": "golden",
        "source_ids": np.arange(2, 2 + n_source, dtype="<u2").tobytes(),
        "target_ids": np.arange(102, 102 + n_target, dtype="<u2").tobytes(),
        "n_source": n_source,
        "n_target": n_target,
        "source_language": "de",
        "target_language": "en",
        "split_group_id": f"{number // 3}",
        "run_id": "golden",
    }


def _hashes() -> pa.Table:
    """40 pairs of few sentences, some with one sentence on both sides."""
    rows = [
        {
            **dict.fromkeys(PAIR_MEASURES.schema.names),
            "pair_id": f"{number:02d}",
            "source_language": "de" if number % 3 else "fr",
            "target_language": "en",
            "source_hash": bytes([number % 13] * 16),
            "target_hash": bytes([number * 7 % 31] * 16),
            "priority": number % 2,
            "batch": number % 5 // 4,
        }
        for number in range(40)
    ]
    return pa.Table.from_pylist(rows, PAIR_MEASURES.schema)

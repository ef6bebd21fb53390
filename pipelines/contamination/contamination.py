"""Rows of table `contamination`: what texts have in common with benchmarks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.contamination.config import DecontaminateConfig
from pipelines.contamination.index import Lookup
from pipelines.contamination.search import Overlap, overlaps, removal
from pipelines.kernels.batch import TextBatch
from pipelines.tables import CONTAMINATION


def contamination(
    measures: pa.RecordBatch, lookup: Lookup, names: Sequence[str], config: DecontaminateConfig, run_id: str = ""
) -> pa.RecordBatch:
    """A row for each text that has an overlap, as read or as C4's line rules leave it.

    Args:
        measures: columns `doc_id`, `text`, `c4_text` of table `measures`; `c4_text` is null where it is the text.
        lookup: of the benchmarks' index.
        names: of the benchmarks, in the order of the index.
        config: margin, and the shortest piece that stays.
        run_id: written into every row.
    """
    ids, texts, c4_texts = (measures.column(name) for name in ("doc_id", "text", "c4_text"))
    read = overlaps(TextBatch.from_arrow(texts), lookup)
    left = overlaps(TextBatch.from_arrow(c4_texts), lookup)
    rows: list[dict[str, Any]] = []
    for row in sorted(read.keys() | left.keys()):
        text, c4_text = texts[row].as_py() or "", c4_texts[row].as_py()
        found = {"doc_id": ids[row].as_py(), **_columns(text, read.get(row, []), names, config), "run_id": run_id}
        after = dict.fromkeys(_NAMES) if c4_text is None else _columns(c4_text, left.get(row, []), names, config)
        rows.append(found | {f"c4_{name}": value for name, value in after.items()})
    return pa.RecordBatch.from_pylist(rows, CONTAMINATION.schema)


_NAMES = ("contamination", "overlaps", "spans")


def _columns(text: str, found: Sequence[Overlap], names: Sequence[str], config: DecontaminateConfig) -> dict[str, Any]:
    removed = removal(text, found, config.margin, config.shortest_piece)
    measured = {
        "n_grams": int(np.sum([each.n_grams for each in found], dtype=np.int64)),
        "passages": len(removed.spans),
        "characters": removed.characters,
        "fraction": removed.characters / len(text) if text else 0.0,
        "left": removed.left,
    }
    listed = [
        {
            "benchmark": names[each.benchmark],
            "item": each.item,
            "start": each.start,
            "end": each.end,
            "n_grams": each.n_grams,
        }
        for each in found
    ]
    spans = [{"start": start, "end": end} for start, end in removed.spans]
    return dict(zip(_NAMES, (measured, listed, spans), strict=True))

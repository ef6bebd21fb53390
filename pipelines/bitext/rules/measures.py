"""Everything that is measured of a batch of pairs, one pair of languages at a time."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.bitext.languages import SCRIPTS, base
from pipelines.bitext.normalise import text_hashes
from pipelines.bitext.rules import counting, hardrules, opus
from pipelines.bitext.rules.texts import Side, classes, scripts
from pipelines.tables import PAIR_MEASURES


def measure(pairs: pa.RecordBatch, identify_languages: bool, batch: int, run_id: str) -> pa.RecordBatch:
    """The rows of `pair_measures` for rows of `pairs` with the priority of their source, ordered by pair of
    languages.

    Args:
        pairs: with texts and languages that are not null.
        identify_languages: whether the language of each side is measured.
        batch: of the work.
        run_id: of the work.
    """
    languages = pa.table(pairs.select(["source_language", "target_language"])).group_by(
        ["source_language", "target_language"]
    )
    parts = [
        _of_languages(_where(pairs, found["source_language"], found["target_language"]), identify_languages)
        for found in languages.aggregate([]).to_pylist()
    ]
    rows = pa.Table.from_batches(parts) if parts else PAIR_MEASURES.schema.empty_table()
    rows = rows.append_column("batch", pa.repeat(pa.scalar(batch, pa.int64()), rows.num_rows)) if parts else rows
    rows = rows.append_column("run_id", pa.repeat(pa.scalar(run_id), rows.num_rows)) if parts else rows
    (made,) = rows.select(PAIR_MEASURES.schema.names).cast(PAIR_MEASURES.schema).combine_chunks().to_batches() or [
        pa.RecordBatch.from_pylist([], PAIR_MEASURES.schema)
    ]
    return made


def _where(pairs: pa.RecordBatch, source: str, target: str) -> pa.RecordBatch:
    is_source = pc.equal(pairs["source_language"], source)
    return pairs.filter(pc.and_(is_source, pc.equal(pairs["target_language"], target)))


def _of_languages(pairs: pa.RecordBatch, identify_languages: bool) -> pa.RecordBatch:
    """All columns but `batch` and `run_id`, of pairs in the same two languages."""
    languages = (pairs["source_language"][0].as_py(), pairs["target_language"][0].as_py())
    texts = pairs["source_text"].to_pylist(), pairs["target_text"].to_pylist()
    source, target = (Side.of(each) for each in texts)
    known = [SCRIPTS.get(base(language)) for language in languages]
    counted_source, counted_target = (
        counting.counts(side.codes, side.bounds, classes(), scripts(names or ()))
        for side, names in zip((source, target), known, strict=True)
    )
    counted = counted_source, counted_target
    columns = {
        **{name: pairs[name] for name in ("pair_id", "source", "source_language", "target_language", "priority")},
        "source_hash": pa.array(text_hashes(texts[0]), pa.binary()),
        "target_hash": pa.array(text_hashes(texts[1]), pa.binary()),
        "opus": _struct("opus", opus.measure(source, target, counted, [names is not None for names in known])),
        "hardrules": _struct("hardrules", hardrules.measure(source, target, counted, languages)),
        "language": _languages(texts) if identify_languages else _nulls("language", len(texts[0])),
    }
    return pa.RecordBatch.from_pydict(columns)


def _struct(name: str, measured: Mapping[str, npt.NDArray[np.generic]]) -> pa.StructArray:
    fields = list(PAIR_MEASURES.schema.field(name).type)
    arrays = [pa.array(measured[field.name], field.type, from_pandas=True) for field in fields]
    return pa.StructArray.from_arrays(arrays, fields=fields)


def _languages(texts: tuple[list[str], list[str]]) -> pa.StructArray:
    from pipelines.language.identification import identify  # loads the model

    found: dict[str, pa.Array] = {}
    for side, each in zip(("source", "target"), texts, strict=True):
        codes, scores = identify(each)
        found |= {f"{side}_detected": pa.array(codes, pa.string()), f"{side}_score": pa.array(scores, pa.float64())}
    fields = list(PAIR_MEASURES.schema.field("language").type)
    return pa.StructArray.from_arrays([found[field.name] for field in fields], fields=fields)


def _nulls(name: str, rows: int) -> pa.StructArray:
    """Fields that were not measured, in a struct that is there."""
    fields = list(PAIR_MEASURES.schema.field(name).type)
    return pa.StructArray.from_arrays([pa.nulls(rows, field.type) for field in fields], fields=fields)

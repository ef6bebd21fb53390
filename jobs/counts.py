"""Row counts of a lake's tables, from their logs and a few narrow columns: without an engine and without texts."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from jobs import translation_counts
from lake.contract import objective_of
from lake.lake import Lake
from pipelines.tables import PACKED

Counts = Mapping[str, Mapping[str, int]]

_SUMS = ("rows_read", "kept", "documents", "rejects")


def counts(lake: Lake, names: Sequence[str] | None = None) -> Counts:
    """Table -> name of the count -> number, of all tables that exist, or of some; `rows` of every table.

    Leaves out what needs whole columns of ids; `jobs.invariants.count` has these too.
    """
    found = {}
    for name in lake.tables() if names is None else filter(lake.exists, names):
        more = _MORE.get(f"sequences {objective_of(lake, name)}" if name.startswith(PACKED) else name)
        columns, of = more or ((), lambda rows: {})
        rows = lake.read_here(name, columns) if columns else None
        found[name] = {
            "rows": lake.rows(name),
            **(of(rows) if rows is not None else {}),
            **sentence_tokens(lake, name),
            **translation_counts.over_length(lake, name),
        }
    return found


def _total(values: pa.ChunkedArray) -> int:
    return pc.sum(values).as_py() or 0


def _inputs(rows: pa.Table) -> dict[str, int]:
    return {"read": _total(rows["rows_read"]), **{name: _total(rows[name]) for name in _SUMS[1:]}}


def _decisions(rows: pa.Table) -> dict[str, int]:
    kept = _total(rows["kept"])
    return {"kept": kept, "dropped": len(rows) - kept}


def _duplicates(rows: pa.Table) -> dict[str, int]:
    held = pc.is_valid(rows["reference"])
    clusters = pc.count_distinct(rows.filter(pc.invert(held))["cluster_id"]).as_py()
    return {**_decisions(rows), "clusters": clusters, "held": _total(held)}


def _clean_documents(rows: pa.Table) -> dict[str, int]:
    return {"with_text": len(rows) - _total(pc.equal(rows["characters"], 0))}


def _tokens(rows: pa.Table) -> dict[str, int]:
    return {"tokens": _total(rows["n_tokens"])}


def _sequences(rows: pa.Table) -> dict[str, int]:
    return {**_tokens(rows), "pieces": _total(pc.list_flatten(rows["doc_lengths"]))}


def _masked(rows: pa.Table) -> dict[str, int]:
    """`own_tokens`: of A, and of B where it is the next segment of A's document, without start and separators."""
    second = rows.filter(rows["is_next"])["doc_lengths"]
    first_tokens, next_tokens = (
        _total(pc.list_element(lists, place)) for lists, place in ((rows["doc_lengths"], 0), (second, 1))
    )
    own = first_tokens - 2 * len(rows) + next_tokens - len(second)
    return {"filled": _total(rows["n_tokens"]), "pieces": _sequences(rows)["pieces"], "own_tokens": own}


def sentence_tokens(lake: Lake, table: str) -> dict[str, int]:
    """Of a table of the objective masked: the tokens of all sentences that it was made of, as its commits note them.

    Empty for other tables, and where the log does not tell it any more.
    """
    if not table.startswith(PACKED) or objective_of(lake, table) != "masked":
        return {}
    total = 0
    for commit in lake.commits(table):
        if commit.of_step is None:
            if commit.metadata is None and not commit.keeps_rows:
                return {}
            continue
        if "sentence_tokens" not in commit.of_step.detail:
            return {}
        total += int(commit.of_step.detail["sentence_tokens"])
        if commit.replaces_rows:
            break
    return {"sentence_tokens": total}


def _pair_inputs(rows: pa.Table) -> dict[str, int]:
    return {"read": _total(rows["rows_read"]), "pairs": _total(rows["pairs"]), "rejects": _total(rows["rejects"])}


def _pair_duplicates(rows: pa.Table) -> dict[str, int]:
    return {**_decisions(rows), "clusters": pc.count_distinct(rows["cluster_id"]).as_py()}


_MORE: Mapping[str, tuple[Sequence[str], Callable[[pa.Table], dict[str, int]]]] = {
    "inputs": (_SUMS, _inputs),
    "decisions": (("kept",), _decisions),
    "duplicates": (("kept", "cluster_id", "reference"), _duplicates),
    "passage_decisions": (("kept",), _decisions),
    "clean_documents": (("characters",), _clean_documents),
    "tokens": (("n_tokens",), _tokens),
    "sequences causal": (("n_tokens", "doc_lengths"), _sequences),
    "sequences translation": (translation_counts.COLUMNS, translation_counts.counted),
    "sequences masked": (("n_tokens", "doc_lengths", "is_next"), _masked),
    "pair_inputs": (("rows_read", "pairs", "rejects"), _pair_inputs),
    "pair_decisions": (("kept",), _decisions),
    "pair_duplicates": (("kept", "cluster_id"), _pair_duplicates),
}

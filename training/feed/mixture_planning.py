"""From the configuration of a mixture to its plan."""

from collections.abc import Mapping

import pyarrow as pa

from training.feed.mixing import MixtureError, quotas_of
from training.feed.mixture_config import MixtureConfig
from training.feed.mixture_plan import PLAN
from training.feed.selection import selected
from training.feed.table import SequenceTable, open_table


def planned(config: MixtureConfig) -> pa.Table:
    """The plan of a configuration, as rows of `PLAN`. Reads `n_tokens` of all rows, and what `where` names.

    Raises:
        MissingPathError: a table or version is not there.
        FeedMisuseError: sources do not fit together, a split is empty, a condition is wrong.
        MixtureError: a weight cannot be kept.
    """
    found = [
        selected(open_table(source.lake, source.table, source.version, source.split), source.where)
        for source in config.sources
    ]
    tables = [table for table, _ in found]
    _require_one_format(tables, [source.name for source in config.sources])
    quotas = [_quotas(phase.weights, config, found) for phase in config.phases]  # (phases, S)
    rows = [
        {
            "number": number,
            "source": source.name,
            "lake": table.lake,
            "table": table.name,
            "version": table.version,
            "table_id": table.table_id,
            "split": source.split,
            "where": source.where,
            "epochs": source.epochs,
            "rows": table.rows,
            "tokens": tokens,
            "phases": [
                {"from_sample": phase.from_sample, "quota": each[number]}
                for phase, each in zip(config.phases, quotas, strict=True)
            ],
            "selected": None if table.selected is None else list(table.selected),
            "window": config.window,
            "exhausted": config.exhausted,
        }
        for number, (source, (table, tokens)) in enumerate(zip(config.sources, found, strict=True))
    ]
    return pa.Table.from_pylist(rows, PLAN)


def _quotas(
    weights: Mapping[str, float], config: MixtureConfig, found: "list[tuple[SequenceTable, int]]"
) -> tuple[int, ...]:
    """(S,) samples in a window: shares of tokens, over the tokens of a source's mean row."""
    of_samples = [
        weights.get(source.name, 0.0) * table.rows / max(1, tokens)
        for source, (table, tokens) in zip(config.sources, found, strict=True)
    ]
    return quotas_of(of_samples, config.window, [source.name for source in config.sources])


def _require_one_format(tables: "list[SequenceTable]", names: list[str]) -> None:
    for table, name in zip(tables, names, strict=True):
        if table.format != tables[0].format:
            differing = [
                f"{field} {getattr(table.format, field)}, not {getattr(tables[0].format, field)}"
                for field in vars(table.format)
                if getattr(table.format, field) != getattr(tables[0].format, field)
            ]
            raise MixtureError(
                f"source {name}: its rows do not fit those of {names[0]}: {'; '.join(differing)}. Pack both alike"
            )

"""All checks of a lake, in the order of the data flow."""

from collections.abc import Iterator

from jobs.checks import features, pairs, pins, retracted, sequences, steps, tables, waiting
from jobs.checks.finding import Finding
from jobs.invariants import count, invariants
from jobs.stages.staged_files import is_interrupted
from lake.contract import known
from lake.lake import Lake
from pipelines.tables import PAIR_MEASURES, PAIR_TOKENS, SequenceFormat, Table

_READ = ("inputs", "documents", "rejects", *pairs.READ)


def check(lake: Lake) -> Iterator[Finding]:
    """Checks every row of every table; each finding comes as soon as it is made."""
    found, histories = known(lake), features.histories(lake)
    whole = True
    for table in [*found, *histories]:
        for finding in tables.described(lake, table):
            whole &= finding.holds
            yield finding
    yield from pins.kept(lake)
    if not whole:
        yield Finding("rows", False, "not checked, because tables above lack files or columns")
        return
    yield from (tables.keyed(lake, table) for table in [*found, *histories])
    for table in found:
        yield from steps.made_from(lake, table.name)
        yield from pairs.made_from(lake, table.name)
        yield from _token_ids(lake, table)
    for table in histories:
        yield from features.made_from(lake, table.name)
    yield from retracted.gone(lake)
    yield from _counts(lake, [table.name for table in found])


def pending(lake: Lake) -> list[str]:
    """What the next run has to finish, a line each."""
    lines = ["an ingest was interrupted between two commits"] if is_interrupted(lake) else []
    lines += ["a reading of sentence pairs was interrupted between two commits"] if pairs.is_interrupted(lake) else []
    for table in known(lake):
        names = ", ".join(waiting.behind(lake, table.name))
        lines += [f"{table.name} was made before the newest rows of {names}"] if names else []
        for name in waiting.expired(lake, table.name) if names else []:
            lines.append(
                f"{table.name} was not compared with {name}, whose log no longer has the version it was made from"
            )
    return lines


def _token_ids(lake: Lake, table: Table) -> Iterator[Finding]:
    if table.name == "tokens":
        yield sequences.token_ids(lake.read("tokens"))
    if table.name.startswith("sequences_"):
        try:
            described = SequenceFormat.of(lake.properties(table.name))
        except (KeyError, ValueError) as error:
            yield Finding(f"{table.name}: properties", False, f"{error}: `tokenlake stage pack` writes them")
            return
        rows, inputs = lake.read(table.name), steps.inputs_of(lake, table.name)
        if described.objective == "masked":
            yield from sequences.masked(table.name, rows, described, inputs("clean_documents"))
        elif described.objective == "causal":
            yield from sequences.packed(table.name, rows, described, inputs("tokens"))
        else:
            measures = lake.read(PAIR_MEASURES.name) if lake.exists(PAIR_MEASURES.name) else None
            yield from sequences.translation(table.name, rows, described, inputs(PAIR_TOKENS.name), measures)


def _counts(lake: Lake, names: list[str]) -> Iterator[Finding]:
    """The identities that runs check; where a run was interrupted, only those of what it had finished."""
    if is_interrupted(lake):
        return
    counts = count(lake)
    if pairs.is_interrupted(lake):
        counts = {name: counted for name, counted in counts.items() if name not in pairs.READ}
    if any(waiting.behind(lake, name) for name in names):
        counts = {name: counted for name, counted in counts.items() if name in _READ}
    for invariant in invariants(counts):
        yield Finding(
            invariant.name,
            invariant.holds,
            f"{invariant.left:,} {'=' if invariant.holds else '≠'} {invariant.right:,}",
        )

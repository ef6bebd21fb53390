"""A lookup without input and output: it says what to read, and makes the result of what was read.

It is a generator, so that threads and asyncio drive the same code: it yields each `Read`, is sent its `Answer`, and
returns the result. Usually there is one round trip; a second one reads in Feast's layout what packed rows do not say.
"""

from collections.abc import Generator, Sequence
from itertools import chain, repeat
from typing import Any

from features.online.columns import Columns
from features.online.feast_layout import NO_TIME, read_fields
from features.online.packed_rows import read_packed
from features.online.read import Answer, Fields, Hashes, PackedRows, Read
from features.online.request import CompiledRequest, KeyGroup
from features.online.source import Source, joined, nothing
from features.online.vectors import FeatureVectors

CHUNK = 2048
"""Rows that are read in one round trip, so that what is on its way at one time is bounded: a few megabytes."""

Keys = list[bytes]
"""Keys of entities, without project."""


def lookup(
    request: CompiledRequest, entities: Columns, values: Columns, rows: int, at_us: int
) -> Generator[Read, Answer, FeatureVectors]:
    """The features of some entities as of a time.

    Args:
        request: what is asked for.
        entities: key columns.
        values: columns of request values.
        rows: how many rows the columns have.
        at_us: the time, in microseconds.

    Raises:
        EntityKeyError: a key has the wrong type, or is too large; nothing has been read.
        OnDemandError: the function of an on-demand view failed.
    """
    groups = request.groups
    keys = [group.encoder.encode_columns(entities) for group in groups] if rows else []
    chunks: list[list[Source]] = []
    for begin in range(0, rows, CHUNK):
        some = keys if rows <= CHUNK else [each[begin : begin + CHUNK] for each in keys]
        chunks.append((yield from _chunk(groups, some, at_us)))
    if len(chunks) == 1:
        sources = chunks[0]
    elif chunks:
        sources = [joined(each) for each in zip(*chunks, strict=True)]
    else:
        sources = [nothing(len(each.readers)) for group in groups for each in group.lookups]
    return _result(request, sources, values, rows)


def _result(request: CompiledRequest, sources: list[Source], values: Columns, rows: int) -> FeatureVectors:
    columns: list[Any] = list(chain.from_iterable([each.columns for each in sources]))
    for view in request.on_demand:
        computed = view.compute(columns, values, rows)
        sources.append(computed)
        columns += computed.columns
    statuses = list(chain.from_iterable([each.statuses for each in sources]))
    events = list(chain.from_iterable([repeat(each.events, len(each.columns)) for each in sources]))
    if request.places is not None:
        columns = list(map(columns.__getitem__, request.places))
        statuses = list(map(statuses.__getitem__, request.places))
        events = list(map(events.__getitem__, request.places))
    return FeatureVectors(request.names, request.views, columns, statuses, events)


def _chunk(groups: Sequence[KeyGroup], keys: Sequence[Keys], at_us: int) -> Generator[Read, Answer, list[Source]]:
    """What each of the groups' lookups finds, for each row."""
    distinct = [list(dict.fromkeys(each)) for each in keys]
    answer = yield _first(groups, distinct)
    packed_rows = iter(answer.packed)
    sources: list[Source] = []
    others: list[tuple[int, list[int], Hashes]] = []  # which source, which of its entities
    for group, entities, fields in zip(groups, distinct, answer.hashes, strict=True):
        at = 0
        for each in group.lookups:
            if each.packed is None:
                sources.append(read_fields(_between(fields, at, at + 1 + len(each.readers)), each.readers))
                at += 1 + len(each.readers)
                continue
            times = [NO_TIME if found is None else found[at] for found in fields]
            source, unsaid = read_packed(each.packed, next(packed_rows), times)
            if unsaid:
                others.append((len(sources), unsaid, Hashes(each.whole, [entities[place] for place in unsaid])))
            sources.append(source)
            at += 1
    if others:
        answer = yield Read([], [hashes for _, _, hashes in others])
        readers = [each.readers for group in groups for each in group.lookups]
        for (number, places, _), fields in zip(others, answer.hashes, strict=True):
            sources[number] = sources[number].with_rows(places, read_fields(fields, readers[number]))
    return _each_row(groups, keys, distinct, sources, at_us)


def _first(groups: Sequence[KeyGroup], distinct: Sequence[Keys]) -> Read:
    """The first round trip: packed rows and the event times beside them, and views that have no packed rows."""
    return Read(
        [
            PackedRows(each.packed_prefix, entities)
            for group, entities in zip(groups, distinct, strict=True)
            for each in group.lookups
            if each.packed is not None
        ],
        [Hashes(group.first, entities) for group, entities in zip(groups, distinct, strict=True)],
    )


def _between(rows: Sequence[Fields | None], begin: int, end: int) -> list[Fields | None]:
    return [None if row is None else row[begin:end] for row in rows]


def _each_row(
    groups: Sequence[KeyGroup], keys: Sequence[Keys], distinct: Sequence[Keys], sources: Sequence[Source], at_us: int
) -> list[Source]:
    """An item for each row instead of each distinct entity, without values that are not fresh."""
    found: list[Source] = []
    for group, asked, entities in zip(groups, keys, distinct, strict=True):
        places = None if len(asked) == len(entities) else {key: at for at, key in enumerate(entities)}
        for each in group.lookups:
            source = sources[len(found)].fresh(at_us, each.view.max_age_us)
            found.append(source if places is None else source.at([places[key] for key in asked]))
    return found

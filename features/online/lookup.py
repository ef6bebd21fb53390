"""A lookup without input and output: it says what to read, and makes the result of what was read.

It is a generator, so that threads and asyncio drive the same code: it yields each `Read`, is sent its `Answer`, and
returns the result. Usually there is one round trip; a second one reads in Feast's layout what packed rows do not say.
"""

from collections.abc import Generator, Sequence

from features.online.columns import Columns
from features.online.feast_layout import NO_TIME, read_fields
from features.online.packed_rows import read_packed
from features.online.read import Answer, Fields, Hashes, Read
from features.online.request import CompiledRequest, KeyGroup, Lookup
from features.online.source import Source
from features.online.vectors import FeatureVectors

CHUNK = 2048
"""Rows that are read in one round trip, so that what is on its way at one time is bounded: a few megabytes."""


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
    keys = [group.encoder.encode_columns(entities) for group in request.groups] if rows else []
    sources = [_nothing(each) for group in request.groups for each in group.lookups]
    for begin in range(0, rows, CHUNK):
        found = yield from _chunk(request.groups, [each[begin : begin + CHUNK] for each in keys], at_us)
        sources = [old.followed_by(new) for old, new in zip(sources, found, strict=True)] if begin else found
    for view in request.on_demand:
        sources.append(view.compute(sources, values, rows))
    return FeatureVectors(
        request.names,
        request.views,
        [sources[source].columns[place] for source, place in request.places],
        [sources[source].statuses[place] for source, place in request.places],
        [sources[source].events for source, _ in request.places],
    )


def _nothing(lookup: Lookup) -> Source:
    return Source([], [[] for _ in lookup.types], [[] for _ in lookup.types])


def _chunk(
    groups: Sequence[KeyGroup], keys: Sequence[list[bytes]], at_us: int
) -> Generator[Read, Answer, list[Source]]:
    """The features of each lookup, for each row."""
    distinct = [list(dict.fromkeys(each)) for each in keys]
    answer = yield _first(groups, distinct)
    sources: list[Source] = []
    others: list[tuple[int, list[int], Hashes]] = []
    packed_from = 0
    for group, entities, fields in zip(groups, distinct, answer.hashes, strict=True):
        first_field = 0
        for each in group.lookups:
            if each.packed is None:
                width = 1 + len(each.types)
                own = fields if len(group.lookups) == 1 else _sliced(fields, first_field, first_field + width)
                sources.append(read_fields(own, each.types))
                first_field += width
                continue
            times = [NO_TIME if each is None else each[first_field] for each in fields]
            rows = answer.packed[packed_from : packed_from + len(entities)]
            source, unsaid = read_packed(each.packed, rows, times)
            if unsaid:
                others.append((len(sources), unsaid, Hashes(each.whole, [entities[at] for at in unsaid])))
            sources.append(source)
            first_field += 1
            packed_from += len(entities)
    if others:
        answer = yield Read([], [hashes for _, _, hashes in others])
        lookups = [each for group in groups for each in group.lookups]
        for (at, positions, _), fields in zip(others, answer.hashes, strict=True):
            sources[at] = sources[at].with_rows(positions, read_fields(fields, lookups[at].types))
    return _each_row(groups, keys, distinct, sources, at_us)


def _first(groups: Sequence[KeyGroup], distinct: Sequence[list[bytes]]) -> Read:
    packed = [
        each.packed_prefix + key
        for group, entities in zip(groups, distinct, strict=True)
        for each in group.lookups
        if each.packed is not None
        for key in entities
    ]
    return Read(packed, [Hashes(group.first, entities) for group, entities in zip(groups, distinct, strict=True)])


def _sliced(rows: Sequence[Fields | None], begin: int, end: int) -> list[Fields | None]:
    return [None if row is None else row[begin:end] for row in rows]


def _each_row(
    groups: Sequence[KeyGroup],
    keys: Sequence[list[bytes]],
    distinct: Sequence[list[bytes]],
    sources: Sequence[Source],
    at_us: int,
) -> list[Source]:
    """An item for each row instead of each distinct entity, and none that is not fresh."""
    found: list[Source] = []
    for group, asked, entities in zip(groups, keys, distinct, strict=True):
        places = None if len(asked) == len(entities) else {key: at for at, key in enumerate(entities)}
        for each in group.lookups:
            source = sources[len(found)].fresh(at_us, each.view.max_age_us)
            found.append(source if places is None else source.at([places[key] for key in asked]))
    return found

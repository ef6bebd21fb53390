"""Deletes everything that an online store holds of some entities, in both layouts and of every view of theirs."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice

from features.definition.value_type import ValueType
from features.layout.entity_key import EntityKeyEncoder
from features.layout.packed_row import packed_key
from features.plan import Plan
from features.store.address import Address, SqliteAddress
from features.store.sqlite import SqliteStore, marks, quoted, slices
from features.store.valkey import ValkeyConnection, command, raise_errors

_AT_ONCE = 1_000  # keys of one command


def erase(
    address: Address, plan: Plan, join_keys: Mapping[str, ValueType], entities: Sequence[Mapping[str, str]]
) -> None:
    """Deletes the rows of entities; those that the store does not hold are no error.

    Args:
        address: of the store.
        plan: the definitions of what it holds.
        join_keys: name and type of each key of the entities.
        entities: name -> value of each key.

    Raises:
        StoreError: the store was not reached, or refused; some rows may be gone.
    """
    encoder = EntityKeyEncoder(join_keys)
    keys = [encoder.encode(entity) for entity in entities]
    views = [view.name for view in plan.views.values() if dict(view.join_keys) == dict(join_keys)]
    if isinstance(address, SqliteAddress):
        _erase_in_file(address, plan, views, keys)
    else:
        hashes = [key + plan.project.encode() for key in keys]
        with closing(ValkeyConnection(address)) as connection:
            for some in _slices([*hashes, *_packed(plan, views, keys)]):
                reply = connection.execute(command(b"UNLINK", *some), 1, time.monotonic() + 30.0)
                raise_errors(reply, address)


def _packed(plan: Plan, views: Sequence[str], keys: Sequence[bytes]) -> Iterator[bytes]:
    """The keys of the packed rows: one for each service that reads a view."""
    for service in plan.services.values():
        for view in views:
            if view in service.selections:
                prefix = packed_key(plan.project, service.name, view, b"")
                yield from (prefix + key for key in keys)


def _erase_in_file(address: SqliteAddress, plan: Plan, views: Sequence[str], keys: Sequence[bytes]) -> None:
    """Overwrites the deleted bytes too: SQLite otherwise leaves them in the file until it needs the room."""
    with closing(SqliteStore(address)) as store:
        store.overwrite_deleted()
        with store.transaction("IMMEDIATE") as run:
            there = {name for (name,) in run.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for some in slices(keys):
                for table in (f"{plan.project}_{view}" for view in views):
                    if table in there:
                        run.execute(f"DELETE FROM {quoted(table)} WHERE entity_key IN ({marks(some)})", some)
                    if "tokenlake_event_times" in there:
                        sql = f"DELETE FROM tokenlake_event_times WHERE name = ? AND entity_key IN ({marks(some)})"
                        run.execute(sql, (table, *some))
            for some in slices(list(_packed(plan, views, keys))) if "tokenlake_packed" in there else ():
                run.execute(f"DELETE FROM tokenlake_packed WHERE key IN ({marks(some)})", some)
        store.fold_log()


def _slices(keys: Sequence[bytes]) -> Iterator[list[bytes]]:
    left = iter(keys)
    while some := list(islice(left, _AT_ONCE)):
        yield some

"""The plan in an online store, where readers and writers find it."""

import os
import time

from features.plan import Plan, PlanError, plan_key
from features.store.address import Address, SqliteAddress
from features.store.sqlite_connection import opened
from features.store.valkey import ValkeyConnection

_TABLE = "CREATE TABLE IF NOT EXISTS tokenlake_plan(project TEXT PRIMARY KEY, plan BLOB NOT NULL)"
_WRITE = "INSERT INTO tokenlake_plan VALUES (?, ?) ON CONFLICT(project) DO UPDATE SET plan = excluded.plan"
_READ = "SELECT plan FROM tokenlake_plan WHERE project = ?"


def publish_plan(address: Address, plan: Plan, timeout: float = 5.0) -> None:
    """Writes the plan of its project, in place of an earlier one, in one step.

    Raises:
        StoreError: the store refused it, or did not answer within `timeout` seconds.
    """
    data = plan.to_json().encode()
    if isinstance(address, SqliteAddress):
        with opened(address.path, timeout, write=True) as database:
            database.execute(_TABLE)
            database.execute(_WRITE, (plan.project, data))
        return
    connection = ValkeyConnection(address)
    try:
        connection.call(b"SET", plan_key(plan.project), data, deadline=time.monotonic() + timeout)
    finally:
        connection.close()


def read_plan(address: Address, project: str, timeout: float = 5.0) -> Plan:
    """The plan of a project.

    Raises:
        PlanError: the store has none, or one of another version.
        StoreError: the store did not answer within `timeout` seconds.
    """
    data = read_plan_bytes(address, project, timeout)
    if data is None:
        raise PlanError(
            f"online store {address} has no plan of project {project}: run `tokenlake features apply LAKE` with this "
            "store"
        )
    return Plan.from_json(data)


def read_plan_bytes(address: Address, project: str, timeout: float = 5.0) -> bytes | None:
    """The stored plan as it is; None when there is none, or no file of the embedded store.

    Raises:
        StoreError: the store did not answer within `timeout` seconds.
    """
    if isinstance(address, SqliteAddress):
        return _read_sqlite(address, project, timeout)
    connection = ValkeyConnection(address)
    try:
        found: bytes | None = connection.call(b"GET", plan_key(project), deadline=time.monotonic() + timeout)
        return found
    finally:
        connection.close()


def _read_sqlite(address: SqliteAddress, project: str, timeout: float) -> bytes | None:
    if not os.path.exists(address.path):
        return None
    with opened(address.path, timeout) as database:
        named = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tokenlake_plan'"
        if database.execute(named).fetchone() is None:
            return None
        row = database.execute(_READ, (project,)).fetchone()
        return None if row is None else row[0]

"""What was derived from retracted documents beside the tables of the stages: features, training sets, logs."""

import time
from collections.abc import Mapping

import pyarrow as pa

from features.catalogue.entities import DOCUMENT
from features.materialization.erasing import erase
from features.plan import Plan
from features.store.address import Address, SqliteAddress
from jobs.commands.features.online_store import NoStoreError
from jobs.retraction.request import STAGE
from lake.commits import CommitMetadata
from lake.lake import Lake
from lake.ledger import code_version, run_id
from pipelines.tables import Table

_DERIVED = ("features_", "training_set_")  # how the names of tables begin
_REQUESTS = "features/requests"
_PLAN = "features/plan.json"


def forget(lake: Lake, online: Address | None, doc_ids: pa.Array) -> Mapping[str, str]:
    """Removes the features of documents; every step may be repeated.

    Args:
        lake: locked by the caller.
        online: the store to delete them from; None: there is none.
        doc_ids: of all documents that were retracted.

    Returns:
        What is left to do -> why; empty if all is done.
    """
    unfinished: dict[str, str] = {}
    try:
        for name in lake.tables():
            if name.startswith(_DERIVED) and DOCUMENT.join_key in lake.schema(name).names:
                _remove_rows(lake, name, doc_ids)
        _rewrite_requests(lake, doc_ids.to_pylist())
    except Exception as error:  # another process commits to a history, a disk is full
        unfinished["histories of features, training sets, logs of requests"] = str(error)
    try:
        _delete_online(lake, online, doc_ids.to_pylist())
    except Exception as error:  # the stores raise many kinds
        unfinished["rows of the online store"] = str(error)
    return unfinished


def _remove_rows(lake: Lake, name: str, doc_ids: pa.Array) -> None:
    """Takes the rows of these documents out of a table, whose other rows stay in their order."""
    properties = lake.properties(name)
    table = Table(name, key=(), schema=lake.schema(name), properties=properties)
    metadata = CommitMetadata(
        run_id=run_id(STAGE, name, lake.version(name), sorted(doc_ids.to_pylist())),
        stage=STAGE,
        mode="change",
        config_hash="",
        code_version=code_version(),
        inputs={},
        started_at=time.time(),
    )
    lake.exchange(table, pa.table({DOCUMENT.join_key: doc_ids}), [], metadata)


def _rewrite_requests(lake: Lake, doc_ids: list[str]) -> None:
    """Takes the lines that name these documents out of the logs of requests in the lake's own folder."""
    marks = [f'"{each}"' for each in doc_ids]
    for entry in lake.storage.entries(_REQUESTS):
        file = f"{_REQUESTS}/{entry.name}"
        text = lake.storage.read_text(file) if entry.name.endswith(".jsonl") else None
        if text is None or not any(mark in text for mark in marks):
            continue
        left = [line for line in text.splitlines(keepends=True) if not any(mark in line for mark in marks)]
        lake.storage.write_text(file, "".join(left))


def _delete_online(lake: Lake, online: Address | None, doc_ids: list[str]) -> None:
    text = lake.storage.read_text(_PLAN)
    if text is None or not doc_ids:
        return  # nothing was ever materialized from this lake
    if online is None:
        raise NoStoreError(f"{lake.root} has features, and no online store is named: --online URL")
    if isinstance(online, SqliteAddress) and not lake.storage.files.exists(online.path):
        return
    keys = {DOCUMENT.join_key: DOCUMENT.value_type}
    erase(online, Plan.from_json(text), keys, [{DOCUMENT.join_key: each} for each in doc_ids])

"""Lakes without an engine, and rows to put into them."""

import pyarrow as pa
import pytest

from lake.commits import CommitMetadata
from lake.lake import Lake
from pipelines.tables import TOKENS, Table


@pytest.fixture
def lake(tmp_path):
    """An empty lake: tables are written and committed without an engine."""
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def rows():
    """Makes rows of a table, by default `tokens`, one for each doc_id, under a run id."""

    def make(run_id: str, *doc_ids: str, table: Table = TOKENS) -> pa.Table:
        empty = dict.fromkeys(table.schema.names)
        return pa.Table.from_pylist([{**empty, "doc_id": each, "run_id": run_id} for each in doc_ids], table.schema)

    return make


@pytest.fixture
def note():
    """Makes the metadata of a commit."""

    def make(run_id: str, mode: str = "append") -> CommitMetadata:
        return CommitMetadata(run_id, "tokenize", mode, "c", "v", {}, 0.0)

    return make

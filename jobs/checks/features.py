"""The histories of features beside the tables that they were computed from."""

from collections.abc import Iterator
from functools import reduce
from operator import or_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from features.catalogue.catalogue import CATALOGUE
from features.catalogue.document import DOCUMENT_MEASURES, DOCUMENT_STATE
from features.computation.history import newest
from features.definition.view import View
from features.tables import table_of
from jobs.checks.finding import Finding
from jobs.checks.steps import inputs_of, same_documents
from jobs.checks.waiting import read_by
from lake.lake import Lake
from pipelines.tables import Table

_DOCUMENTS_OF = {
    DOCUMENT_MEASURES.table: (DOCUMENT_MEASURES, "measures", "each measured document has its measures as features"),
    DOCUMENT_STATE.table: (DOCUMENT_STATE, "decisions", "each decided document has its state as features"),
}


def histories(lake: Lake) -> list[Table]:
    """The tables of views that the lake has."""
    present = set(lake.tables())
    return [table_of(view) for view in CATALOGUE.views if view.table in present]


def made_from(lake: Lake, table: str) -> Iterator[Finding]:
    """Each document that the input had is in the history now, and no other; nothing if nobody can tell any more."""
    if table not in _DOCUMENTS_OF:
        return
    view, source, name = _DOCUMENTS_OF[table]
    version = read_by(lake, table).get(source)
    if version is not None and lake.has_version(source, version):
        yield same_documents(name, _present(lake.read(table), view), inputs_of(lake, table)(source))


def _present(history: DataFrame, view: View) -> DataFrame:
    """The newest row of each entity that is not gone."""
    has_values = reduce(or_, (F.col(feature.name).isNotNull() for feature in view.features))
    return newest(history, view.join_keys).where(has_values)

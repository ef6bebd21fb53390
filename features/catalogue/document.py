"""Features of documents: what was measured, and what the lake decided about them."""

import pyarrow as pa

from features.catalogue.entities import DOCUMENT
from features.definition.value_type import ValueType
from features.definition.view import Expectation, Feature, View
from pipelines.tables import MEASURES

_TYPES = {pa.int64(): ValueType.INT64, pa.float64(): ValueType.DOUBLE, pa.bool_(): ValueType.BOOL}
_NOT_NEGATIVE = Expectation(minimum=0)


def measure_columns() -> dict[str, tuple[str, str]]:
    """Feature name -> (rule set, measure) of `measures`, for every measure of every rule set."""
    structs = [each for each in MEASURES.schema if pa.types.is_struct(each.type)]
    return {f"{rules.name}_{measure.name}": (rules.name, measure.name) for rules in structs for measure in rules.type}


def _measure(name: str, rules: str, measure: str) -> Feature:
    dtype = _TYPES[MEASURES.schema.field(rules).type.field(measure).type]
    expect = Expectation() if dtype is ValueType.BOOL else _NOT_NEGATIVE
    return Feature(name, dtype, f"`{rules}.{measure}` in the table `measures`", expect)


DOCUMENT_MEASURES = View(
    "document_measures",
    entities=(DOCUMENT,),
    features=tuple(_measure(name, *place) for name, place in measure_columns().items()),
    about="every measure of every rule set",
)

DOCUMENT_STATE = View(
    "document_state",
    entities=(DOCUMENT,),
    features=(
        Feature("source", ValueType.STRING, "the source it came from", Expectation(required=True)),
        Feature("language", ValueType.STRING, "its language, as identified"),
        Feature("language_score", ValueType.DOUBLE, "how sure that is", Expectation(minimum=0, maximum=1.01)),
        Feature("policy", ValueType.STRING, "the policy that decided: name@fingerprint", Expectation(required=True)),
        Feature("kept", ValueType.BOOL, "whether the rules of the policy keep it", Expectation(required=True)),
        Feature("reasons", ValueType.STRING_LIST, "the rules that it fails, in the policy's order"),
        Feature("duplicate_cluster", ValueType.STRING, "doc_id of its cluster's survivor; null without duplicates"),
        Feature("duplicate_cluster_size", ValueType.INT64, "documents of its cluster", Expectation(minimum=2)),
        Feature("delivered", ValueType.BOOL, "whether it is among the clean documents", Expectation(required=True)),
        Feature("characters", ValueType.INT64, "code points of the clean text; null if not delivered", _NOT_NEGATIVE),
        Feature("tokens", ValueType.INT64, "tokens of the clean text; null if not tokenized", _NOT_NEGATIVE),
    ),
    about="origin, language, decision, duplicates and tokens under the lake's current policy",
)

"""Features of sources: rolling quality, for curation and for the weights of a mixture."""

from datetime import timedelta

from features.catalogue.entities import SOURCE
from features.definition.value_type import ValueType
from features.definition.view import Expectation, Feature, View

_COUNT = Expectation(minimum=0, required=True)
_SHARE = Expectation(minimum=0, maximum=1)

SOURCE_QUALITY = View(
    "source_quality",
    entities=(SOURCE,),
    features=(
        Feature("documents", ValueType.INT64, "documents read", _COUNT),
        Feature("rejects", ValueType.INT64, "records that could not become documents", _COUNT),
        Feature("kept_share", ValueType.DOUBLE, "share of documents that the rules keep", _SHARE),
        Feature("duplicate_share", ValueType.DOUBLE, "share of kept documents dropped as duplicates", _SHARE),
        Feature("delivered_documents", ValueType.INT64, "documents among the clean ones", _COUNT),
        Feature("tokens", ValueType.INT64, "tokens of its clean documents", _COUNT),
        Feature("tokens_per_document", ValueType.DOUBLE, "mean over its tokenized documents", Expectation(minimum=0)),
        Feature("newest_document", ValueType.UNIX_TIMESTAMP, "when the newest document was ingested"),
        Feature("recent_documents", ValueType.INT64, "documents ingested in the 30 days before the newest", _COUNT),
        Feature("recent_kept_share", ValueType.DOUBLE, "`kept_share` of the recent documents", _SHARE),
        Feature(
            "kept_share_change",
            ValueType.DOUBLE,
            "`recent_kept_share` less that of all earlier documents; null without earlier ones",
            Expectation(minimum=-1, maximum=1),
        ),
        Feature(
            "length_drift",
            ValueType.DOUBLE,
            "population stability index of the recent documents' characters, in powers of two, against the earlier "
            "ones'; null without earlier ones; above 0.25 the source has changed",
            Expectation(minimum=0),
        ),
    ),
    about="quality of a source, of all its documents and of the recent ones against its own past",
    max_age=timedelta(days=90),
)

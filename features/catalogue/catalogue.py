"""Every view and service of this project. To add a feature: define it beside its view, compute it, list it here."""

from features.catalogue.client import CLIENT_PROFILE, CLIENT_USAGE
from features.catalogue.document import DOCUMENT_MEASURES, DOCUMENT_STATE
from features.catalogue.on_demand import CLIENT_ALLOWANCE, TRANSLATION_BUDGET
from features.catalogue.source import SOURCE_QUALITY
from features.catalogue.translation import LANGUAGE_PAIR_STATISTICS, SEGMENT_MEMORY, TERM_GLOSSARY
from features.definition.checks import checked
from features.definition.view import Catalogue, FeatureService, select

CATALOGUE = checked(
    Catalogue(
        project="tokenlake",
        views=(
            DOCUMENT_MEASURES,
            DOCUMENT_STATE,
            SOURCE_QUALITY,
            LANGUAGE_PAIR_STATISTICS,
            SEGMENT_MEMORY,
            TERM_GLOSSARY,
            CLIENT_PROFILE,
            CLIENT_USAGE,
        ),
        on_demand=(TRANSLATION_BUDGET, CLIENT_ALLOWANCE),
        services=(
            FeatureService(
                "curation",
                (select(DOCUMENT_MEASURES), select(DOCUMENT_STATE)),
                "everything about a document: for curation and for models of quality",
            ),
            FeatureService("mixture", (select(SOURCE_QUALITY),), "quality of sources: for the weights of a mixture"),
            FeatureService(
                "translation_request",
                (select(LANGUAGE_PAIR_STATISTICS), select(CLIENT_PROFILE), select(CLIENT_USAGE)),
                "what the gateway must know before it accepts a request",
                on_demand=(TRANSLATION_BUDGET, CLIENT_ALLOWANCE),
            ),
            FeatureService("translation_memory", (select(SEGMENT_MEMORY),), "translations of segments seen before"),
            FeatureService("terminology", (select(TERM_GLOSSARY),), "how terms must be translated"),
        ),
    )
)

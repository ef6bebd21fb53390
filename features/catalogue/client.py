"""Features of the clients of the translation service: what was agreed, and what they use."""

from datetime import timedelta

from features.catalogue.entities import CLIENT
from features.definition.value_type import ValueType
from features.definition.view import Expectation, Feature, View

_COUNT = Expectation(minimum=0)

CLIENT_PROFILE = View(
    "client_profile",
    entities=(CLIENT,),
    features=(
        Feature("domain", ValueType.STRING, "the domain of its glossary"),
        Feature(
            "tier", ValueType.STRING, "the service level agreed", Expectation(allowed=("free", "standard", "premium"))
        ),
        Feature("requests_per_minute", ValueType.INT32, "limit", _COUNT),
        Feature("characters_per_day", ValueType.INT64, "limit", _COUNT),
    ),
    about="domain and limits of a client",
)

CLIENT_USAGE = View(
    "client_usage",
    entities=(CLIENT,),
    features=(
        Feature("requests_1h", ValueType.INT64, "requests of the last hour", _COUNT),
        Feature("characters_24h", ValueType.INT64, "source characters of the last 24 hours", _COUNT),
        Feature("mean_latency_ms", ValueType.FLOAT, "of the last hour", _COUNT),
        Feature("last_request", ValueType.UNIX_TIMESTAMP, "time of the last request"),
    ),
    about="rolling usage of a client, pushed by the gateway or counted from its log of requests",
    max_age=timedelta(days=1),
    pushed=True,
)

"""The OpenAPI 3.1 document of the HTTP interface: every route, every status that it can answer."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from features.server.settings import Settings

_ERRORS = {
    400: "A header cannot be read.",
    401: "An API key is needed, or the one presented is unknown.",
    403: "The API key does not have the scope that this needs.",
    404: "The plan has no service, view or feature of this name.",
    408: "The body of the request did not come before the deadline.",
    413: "The body, the number of entities or the number of features is over the server's limit.",
    422: "The body is no JSON of this shape; a column is missing, unknown, of another length or type.",
    429: "The API key is beyond its rate; `Retry-After` says when to ask again.",
    500: "A defect of the server.",
    503: "The online store cannot be reached, no plan is loaded, or too many requests are being answered.",
    504: "The store did not answer before the deadline.",
}
_WITH_RETRY = (429, 503)
_TIMEOUT_HEADER = {
    "name": "X-Timeout-Ms",
    "in": "header",
    "required": False,
    "description": "Milliseconds after which the caller no longer needs an answer; the server's own limit if that is "
    "less.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
}


def document(settings: Settings) -> dict[str, Any]:
    """The document of a server with these settings."""
    secured: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}] if settings.keys is not None else []
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tokenlake features",
            "version": tokenlake_version(),
            "description": "Looks features up. Request and answer of `/get-online-features` are Feast's.",
        },
        "paths": {
            "/get-online-features": {"post": {**_features(), "security": secured}},
            "/push": {"post": {**_push(), "security": secured}},
            "/health": {"get": _probe("health", "Whether the process lives.", "Health", (), "It lives.")},
            "/ready": {"get": _probe("ready", "Whether it can answer requests.", "Ready", (503,), "It can answer.")},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _probe("openapi", "This document.", "Document", (), "This document.")},
        },
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
    }


def tokenlake_version() -> str:
    """The installed version of this project."""
    try:
        return version("tokenlake")
    except PackageNotFoundError:
        return "0"


def _features() -> dict[str, Any]:
    return {
        "operationId": "getOnlineFeatures",
        "summary": "Features of a service, or of a list, for each row of the entities.",
        "parameters": [_TIMEOUT_HEADER],
        "requestBody": {"required": True, "content": _json("FeaturesRequest")},
        "responses": {
            "200": {
                "description": "A column for each join key, then for each feature.",
                "content": _json("FeaturesResponse"),
            },
            **_errors(*_ERRORS),
        },
    }


def _push() -> dict[str, Any]:
    return {
        "operationId": "push",
        "summary": "Writes rows of a push source.",
        "parameters": [_TIMEOUT_HEADER],
        "requestBody": {"required": True, "content": _json("PushRequest")},
        "responses": {"200": {"description": "The rows are written."}, **_errors(*_ERRORS)},
    }


def _probe(operation: str, summary: str, schema: str, errors: tuple[int, ...], found: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "security": [],
        "responses": {"200": {"description": found, "content": _json(schema)}, **_errors(*errors)},
    }


def _metrics() -> dict[str, Any]:
    content = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "operationId": "metrics",
        "summary": "Metrics in Prometheus' text format.",
        "security": [],
        "responses": {"200": {"description": "All metrics of all worker processes.", "content": content}},
    }


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): _error(status) for status in statuses}


def _error(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {"description": _ERRORS[status], "content": _json("Error")}
    if status in _WITH_RETRY:
        found["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}, "required": False}
        }
    return found


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _object(required: tuple[str, ...], properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [*required], "properties": dict(properties)}


_TEXTS = {"type": "array", "items": {"type": "string"}}
_COLUMNS = {"type": "object", "additionalProperties": {"type": "array", "items": {}}}

_SCHEMAS = {
    "FeaturesRequest": {
        **_object(
            ("entities",),
            {
                "entities": {
                    **_COLUMNS,
                    "description": "Column -> a value for each row: join keys, and values that on-demand views need. "
                    "All columns have equally many values.",
                },
                "feature_service": {
                    "type": ["string", "null"],
                    "description": "Name of a feature service; counts more than `features`.",
                },
                "features": {**_TEXTS, "description": "References `view:feature`."},
                "full_feature_names": {"type": "boolean", "description": "Names features `view__feature`."},
                "include_feature_view_version_metadata": {
                    "type": "boolean",
                    "description": "Adds the names of the views to the metadata.",
                },
            },
        ),
        "examples": [{"feature_service": "mixture", "entities": {"source": ["python-help"]}}],
    },
    "FeaturesResponse": _object(
        ("results", "metadata"),
        {
            "results": {"type": "array", "items": {"$ref": "#/components/schemas/FeatureVector"}},
            "metadata": _object(
                ("feature_names",),
                {
                    "feature_names": {**_TEXTS, "description": "Of each result: join keys first, then features."},
                    "feature_view_metadata": {
                        "type": "array",
                        "items": _object(("name",), {"name": {"type": "string"}}),
                    },
                },
            ),
        },
    ),
    "FeatureVector": _object(
        ("values", "statuses", "event_timestamps"),
        {
            "values": {
                "type": "array",
                "items": {},
                "description": "Null unless the status is PRESENT. Times are seconds since the epoch, bytes are "
                'Base64, NaN and infinity are the texts "NaN", "Infinity", "-Infinity".',
            },
            "statuses": {
                "type": "array",
                "items": {
                    "type": "string",
                    "enum": ["INVALID", "PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE"],
                },
            },
            "event_timestamps": {
                "type": "array",
                "items": {"type": "string", "format": "date-time"},
                "description": "Since when each value is true; 1970-01-01T00:00:00Z where there is no such time.",
            },
        },
    ),
    "PushRequest": {
        **_object(
            ("push_source_name", "df"),
            {
                "push_source_name": {"type": "string"},
                "df": {**_COLUMNS, "description": "Column -> a value for each row: join keys, features, times."},
                "to": {"type": "string", "enum": ["online", "offline", "online_and_offline"], "default": "online"},
                "allow_registry_cache": {"type": "boolean", "description": "Has no effect: nothing is cached here."},
                "transform_on_write": {
                    "type": "boolean",
                    "description": "Has no effect: on-demand views are computed when they are read.",
                },
            },
        ),
        "examples": [
            {
                "push_source_name": "client_usage_push",
                "df": {"client_id": ["acme"], "requests_1h": [7], "event_timestamp": ["2026-11-26T17:00:00Z"]},
            }
        ],
    },
    "Error": _object(("detail", "status_code"), {"detail": {"type": "string"}, "status_code": {"type": "integer"}}),
    "Health": _object(("status",), {"status": {"const": "alive"}}),
    "Ready": _object(
        ("status", "plan"),
        {
            "status": {"const": "ready"},
            "plan": {"type": "string"},
            "warning": {"type": "string", "description": "The store holds no plan that can be served, and why."},
        },
    ),
    "Document": _object(("openapi", "paths"), {"openapi": {"type": "string"}, "paths": {"type": "object"}}),
}

"""The OpenAPI document: whatever it allows, and much that it does not, is answered as it says, never with a 5xx."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served_rows import REQUEST
from server_process import RunningServer

schemathesis = pytest.importorskip("schemathesis")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

BOUNDED = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", ["/get-online-features", "/push"])
def test_what_the_document_says_holds(server: RunningServer, path: str, mode: GenerationMode) -> None:
    address = f"http://127.0.0.1:{server.port}"
    operation = schemathesis.openapi.from_url(f"{address}/openapi.json")[path]["POST"]

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        found = case.call()
        case.validate_response(found, checks=CHECKS)
        in_time = "X-Timeout-Ms" not in (case.headers or {})  # else the caller may have left no time for an answer
        assert found.status_code < 500 or (found.status_code == 504 and not in_time)

    holds()


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/openapi.json"])
def test_probes_answer_as_the_document_says(server: RunningServer, path: str) -> None:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    schema[path]["GET"].Case().call_and_validate(checks=CHECKS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from([*REQUEST["entities"], "x"]), st.lists(JSON, max_size=3), max_size=5))
def test_entities_of_any_json_are_answered_or_refused(server: RunningServer, entities: dict[str, list[Any]]) -> None:
    found = server.features({**REQUEST, "entities": {**REQUEST["entities"], **entities}})
    assert found.status in (200, 422)
    assert "results" in found.json or len(found.json["detail"]) > 10


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(max_size=12) | st.sampled_from([b'"entities"', b"{", b"}", b"[", b"]", b":", b","])))
def test_bytes_of_any_kind_are_refused(server: RunningServer, parts: list[bytes]) -> None:
    assert server.features(b"{" + b"".join(parts)).status in (404, 422)

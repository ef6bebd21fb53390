"""Whatever the documents hold, lint judges them and does not fail."""

from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lint_faults import FAULTS

from jobs.kubernetes.lint.findings import findings
from jobs.kubernetes.lint.node import Document
from jobs.kubernetes.lint.registry import RULES

CLEAN = Path(__file__).parent / "clean"
SOUND = [document for path in sorted(CLEAN.iterdir()) for document in yaml.safe_load_all(path.read_text())]


def _keys(value):
    if isinstance(value, dict):
        return {str(key) for key in value}.union(*map(_keys, value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list) else set()


KEYS = sorted(_keys(SOUND))
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["1h", "2g", "2Gi", "-1", "*/5 * * * *", "@every 9h", "OnFailure", "spot", "1e99", "9" * 400, "true"]
    ),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4) | st.integers() | st.none(), below, max_size=5)
    ),
    max_leaves=12,
)


def _places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _replaced(value, path, new):
    if not path:
        return new
    if isinstance(value, dict):
        return {key: _replaced(item, path[1:], new) if key == path[0] else item for key, item in value.items()}
    return [_replaced(item, path[1:], new) if key == path[0] else item for key, item in enumerate(value)]


def judged(objects):
    documents = [Document("some.yaml", each, None) for each in objects if isinstance(each, dict)]
    found = findings(documents)
    assert all(each.rule in RULES and each.text for each in found)
    return found


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_manifest_with_any_value_in_any_place_is_judged(data):
    number = data.draw(st.integers(0, len(SOUND) - 1))
    changed = SOUND[number]
    for _ in range(data.draw(st.integers(1, 3))):
        changed = _replaced(changed, data.draw(st.sampled_from(list(_places(changed)))), data.draw(_VALUES))
    judged([*SOUND[:number], changed, *SOUND[number + 1 :]])


@given(st.lists(_VALUES, max_size=4), st.sampled_from(sorted({each["kind"] for each in SOUND})))
@settings(max_examples=60, deadline=None)
def test_an_object_of_any_shape_is_judged(values, kind):
    judged(
        {"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": kind, "metadata": value, "spec": value}
        for value in values
    )


def test_a_bare_object_of_each_kind_breaks_rules_and_no_code():
    objects = [{"apiVersion": each["apiVersion"], "kind": each["kind"]} for each in SOUND]
    assert {each.rule for each in judged(objects)} <= {fault.rule for fault in FAULTS}

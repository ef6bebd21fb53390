"""The difference of two documents, applied as RFC 7396 says, makes one of the other."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from jobs.kubernetes.merge_patch import difference

scalars = st.booleans() | st.integers() | st.text(max_size=3)
values = st.recursive(
    scalars | st.lists(scalars, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=12,
)
documents = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def apply(target, patch):
    """The algorithm of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = target if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply(result.get(name), value)
    return result


@given(documents, documents)
def test_the_patch_makes_the_new_document_of_the_old(old, new):
    assert apply(copy.deepcopy(old), difference(old, new)) == new


@given(documents)
def test_equal_documents_need_no_patch(document):
    assert difference(document, copy.deepcopy(document)) == {}


def test_a_patch_names_only_what_differs():
    old = {"kept": {"a": 1}, "spec": {"changed": 1, "same": 2, "gone": 3}}
    new = {"kept": {"a": 1}, "spec": {"changed": [4], "same": 2}, "added": {}}

    assert difference(old, new) == {"spec": {"changed": [4], "gone": None}, "added": {}}

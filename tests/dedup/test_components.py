import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dedup.components import labels, named_labels


def by_union(edges: list[tuple[int, int]], vertices: int) -> list[int]:
    """Smallest member by merging sets until nothing changes."""
    label = list(range(vertices))
    while any(label[a] != label[b] for a, b in edges):
        for a, b in edges:
            label[a] = label[b] = min(label[a], label[b])
    return label


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_every_vertex_gets_its_smallest_fellow(edges):
    left, right = (np.array(side, np.int64) for side in zip(*edges, strict=True)) if edges else (np.empty(0, int),) * 2
    assert labels(left, right, 20).tolist() == by_union(edges, 20)


def test_a_chain_of_a_million_is_one_component():
    chain = np.random.default_rng(0).permutation(1_000_000)
    assert not labels(chain[:-1], chain[1:], 1_000_000).any()


def test_names_are_ordered_by_code_point():
    found = named_labels(pa.chunked_array([["ß", "b"], ["x"]]), pa.chunked_array([["b", "a"], ["y"]]))
    assert dict(zip(*(column.to_pylist() for column in found.columns), strict=True)) == {
        "a": "a",
        "b": "a",
        "ß": "a",
        "x": "x",
        "y": "x",
    }


def test_no_edges_no_components():
    assert named_labels(pa.chunked_array([], pa.string()), pa.chunked_array([], pa.string())).num_rows == 0

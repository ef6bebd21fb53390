"""Connected components of candidate pairs, on one machine."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def labels(left: npt.NDArray[np.integer], right: npt.NDArray[np.integer], vertices: int) -> npt.NDArray[np.int64]:
    """The smallest vertex of each vertex's component, (V,); the E edges `left[i] - right[i]` are undirected.

    Vertices are 0 .. V-1; smaller numbers win.
    """
    graph = coo_array((np.ones(len(left), np.bool_), (left, right)), shape=(vertices, vertices))
    count, component = connected_components(graph, directed=False)
    smallest = np.full(count, vertices, np.int64)
    np.minimum.at(smallest, component, np.arange(vertices))
    return smallest[component]


def named_labels(left: pa.ChunkedArray, right: pa.ChunkedArray) -> pa.Table:
    """Edges between named vertices -> `vertex`, `component` (its smallest member in code point order)."""
    names = pc.unique(pa.chunked_array(left.chunks + right.chunks, pa.string())).sort()
    codes = [pc.index_in(side, value_set=names).to_numpy() for side in (left, right)]
    smallest = labels(codes[0], codes[1], len(names))
    return pa.table({"vertex": names, "component": names.take(pa.array(smallest))})

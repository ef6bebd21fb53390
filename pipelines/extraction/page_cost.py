"""Predicts which pages may be slow for resiliparse, from their tags, in one pass over the bytes."""

import numpy as np
from numba import njit

from pipelines.kernels.arrays import Bytes

# resiliparse takes milliseconds for an ordinary page, but quadratic time for deep nesting, for very many options in a
# list and for very many attributes. Below these limits no page takes longer than about a second.
_TAGS = 10_000
_DEPTH_SUM = 2_000_000  # over all tags: how many are open there
_TAG_BYTES = 16 << 10

_LESS, _GREATER, _SLASH, _A, _Z = b"<>/az"
_LOWER_CASE = 0x20


def may_be_costly(html: str) -> bool:
    """Whether a page might take resiliparse more than about a second.

    Overestimates depth: tags without an end tag (`<br>`, `<li>`) count as open.
    """
    return bool(_exceeds(np.frombuffer(html.encode("utf-8", "replace"), np.uint8)))


@njit(cache=True)
def _exceeds(page: Bytes) -> bool:
    tags = depth = depth_sum = 0
    unclosed = -1  # the first `<` since the last `>`
    for position in range(len(page)):
        byte = page[position]
        if byte == _GREATER:
            if unclosed >= 0 and position - unclosed > _TAG_BYTES:
                return True
            unclosed = -1
        elif byte == _LESS:
            tags += 1
            following = page[position + 1] if position + 1 < len(page) else 0
            depth += _A <= following | _LOWER_CASE <= _Z
            depth -= following == _SLASH
            depth_sum += max(depth, 0)
            if unclosed < 0:
                unclosed = position
            if tags > _TAGS or depth_sum > _DEPTH_SUM:
                return True
    return unclosed >= 0 and len(page) - unclosed > _TAG_BYTES

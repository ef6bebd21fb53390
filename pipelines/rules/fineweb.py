"""FineWeb's quality rules: they detect lists, menus and repeated lines.

Sources: Penedo et al. 2024, "The FineWeb Datasets", section 3.6; datatrove 0.10.1, `fineweb_quality_filter.py`.
"""

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers, Truths
from pipelines.kernels.utf8 import code_point_before, contains
from pipelines.rules.columns import ratio, struct
from pipelines.rules.config import MeasureConfig
from pipelines.tables import MEASURES
from pipelines.words.interning import Words
from pipelines.words.lines import CountedTexts, characters, newlines, not_blank
from pipelines.words.punctuation import TERMINAL_PUNCTUATION, sorted_code_points

# Shares are null for texts without a line, `list_ratio` for texts without a word.
TYPE = MEASURES.schema.field("fineweb").type
_TERMINAL = sorted_code_points(TERMINAL_PUNCTUATION)


def measure(counted: CountedTexts, words: Words, config: MeasureConfig) -> pa.StructArray:
    """Rows of `TYPE`, (D,)."""
    texts = counted.texts
    breaks, written = newlines(texts), not_blank(texts, counted.lines)
    lines, repeated = counted.lines.where(written), counted.repeated[written]
    length = characters(texts, lines)
    without_newlines = np.where(lines.counts > 0, counted.characters - breaks, 0)
    columns = {
        "lines": lines.counts,
        "line_punct_ratio": ratio(lines.total(_end_terminal(texts.data, lines.begins, lines.ends)), lines.counts),
        "short_line_ratio": ratio(lines.total(length <= config.short_line_length), lines.counts),
        "char_dup_ratio": ratio(lines.total(length * repeated), without_newlines),
        "list_ratio": ratio(breaks, words.counts),
    }
    return struct(TYPE, columns)


@njit(cache=True)
def _end_terminal(data: Bytes, begins: Integers, ends: Integers) -> Truths:
    """Whether each line's last character is terminal punctuation, (L,)."""
    terminal = np.zeros(len(begins), np.bool_)
    for i in range(len(begins)):
        terminal[i] = contains(_TERMINAL, code_point_before(data, begins[i], ends[i]))
    return terminal

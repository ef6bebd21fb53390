"""Words of scripts without spaces, by ICU's dictionaries (docs/decisions/0030-word-segmentation.md).

ICU's word breaks follow Unicode's annex 29; inside Chinese, Japanese, Thai, Lao, Khmer and Burmese text they come from
dictionaries that are part of ICU's data, which the package icu4py carries.

Shapes: R runs, W words.
"""

import numpy as np
from icu4py.breakers import WordBreaker
from numba import njit

from pipelines.kernels.arrays import Bytes, Integers
from pipelines.kernels.batch import TextBatch
from pipelines.kernels.utf8 import utf8_width
from pipelines.words.interning import SplitWords

_LOCALE = "root"  # the dictionaries are chosen by script


def segment(runs: TextBatch) -> SplitWords:
    """The words of runs, each in a script without spaces throughout, without whitespace and not empty."""
    text = "\n".join(runs.strings())
    breaks = np.fromiter((end for _, end in WordBreaker(text, _LOCALE).segments()), np.int64)
    begins, ends, counts = _words(runs.data, runs.begins, runs.ends, breaks)
    return SplitWords(TextBatch(runs.data, begins, ends), counts)


@njit(cache=True)
def _words(
    data: Bytes, run_begins: Integers, run_ends: Integers, breaks: Integers
) -> tuple[Integers, Integers, Integers]:
    """Breaks of the runs joined by newlines, in UTF-16 units -> words' begins, ends (W,); words of each run (R,)."""
    begins, ends = np.empty(len(breaks), np.int64), np.empty(len(breaks), np.int64)
    counts = np.zeros(len(run_begins), np.int64)
    words, units, following = 0, 0, 0
    for run in range(len(run_begins)):
        begin = position = run_begins[run]
        while position < run_ends[run]:
            units += 2 if data[position] >= 0xF0 else 1
            position += utf8_width(data[position])
            while breaks[following] < units:
                following += 1
            if breaks[following] == units or position == run_ends[run]:
                begins[words], ends[words] = begin, position
                words += 1
                counts[run] += 1
                begin = position
        units += 1  # the newline
    return begins[:words].copy(), ends[:words].copy(), counts

"""Gopher's repetition rules: the share of a text that repeats itself.

Sources: Rae et al. 2021, "Scaling Language Models", table A1; datatrove 0.10.1, `gopher_repetition_filter.py`.
"""

import pyarrow as pa

from pipelines.kernels.arrays import Integers
from pipelines.kernels.batch import TextBatch
from pipelines.rules.columns import ratio, struct
from pipelines.rules.n_grams import duplicated_n_gram_characters, top_n_gram_characters
from pipelines.tables import MEASURES
from pipelines.words.interning import Words
from pipelines.words.lines import duplicates, lines_between_newline_runs, paragraphs

TOP_N_GRAMS = (2, 3, 4)
DUPLICATED_N_GRAMS = (5, 6, 7, 8, 9, 10)

# All are ratios. For an empty text all are null, except those over lines and paragraphs: it has one of each.
TYPE = MEASURES.schema.field("gopher_repetition").type


def measure(texts: TextBatch, words: Words, characters: Integers) -> pa.StructArray:
    """Rows of `TYPE`, (D,). `characters` (D,) are the code points of each text, the whole of most shares."""
    paragraph, line = paragraphs(texts), lines_between_newline_runs(texts)
    repeated_paragraphs, paragraph_characters = duplicates(texts, paragraph)
    repeated_lines, line_characters = duplicates(texts, line)
    columns = {
        "dup_para_frac": ratio(repeated_paragraphs, paragraph.counts),
        "dup_para_char_frac": ratio(paragraph_characters, characters),
        "dup_line_frac": ratio(repeated_lines, line.counts),
        "dup_line_char_frac": ratio(line_characters, characters),
    }
    for n in TOP_N_GRAMS:
        columns[f"top_{n}_gram"] = ratio(top_n_gram_characters(words, n), characters)
    for n, repeated in zip(DUPLICATED_N_GRAMS, duplicated_n_gram_characters(words, DUPLICATED_N_GRAMS), strict=True):
        columns[f"duplicated_{n}_n_grams"] = ratio(repeated, characters)
    return struct(TYPE, columns)

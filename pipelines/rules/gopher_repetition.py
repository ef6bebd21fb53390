"""Gopher's repetition rules: the share of a text that repeats itself.

Sources: Rae et al. 2021, "Scaling Language Models", table A1; datatrove 0.10.1, `gopher_repetition_filter.py`.
"""

import pyarrow as pa

from pipelines.rules.columns import ratio, struct
from pipelines.rules.n_grams import duplicated_n_gram_characters, top_n_gram_characters
from pipelines.tables import MEASURES
from pipelines.words.interning import Words
from pipelines.words.lines import CountedTexts, characters, paragraphs, repeats

TOP_N_GRAMS = (2, 3, 4)
DUPLICATED_N_GRAMS = (5, 6, 7, 8, 9, 10)

# All are ratios. For an empty text all are null, except those over lines and paragraphs: it has one of each.
TYPE = MEASURES.schema.field("gopher_repetition").type


def measure(counted: CountedTexts, words: Words) -> pa.StructArray:
    """Rows of `TYPE`, (D,)."""
    texts, size = counted.texts, counted.characters  # the whole of most shares
    paragraph, line = paragraphs(texts), counted.lines
    paragraphs_again, lines_again = paragraph.where(repeats(texts, paragraph)), line.where(counted.repeated)
    columns = {
        "dup_para_frac": ratio(paragraphs_again.counts, paragraph.counts),
        "dup_para_char_frac": ratio(paragraphs_again.total(characters(texts, paragraphs_again)), size),
        "dup_line_frac": ratio(lines_again.counts, line.counts),
        "dup_line_char_frac": ratio(lines_again.total(characters(texts, lines_again)), size),
    }
    for n in TOP_N_GRAMS:
        columns[f"top_{n}_gram"] = ratio(top_n_gram_characters(words, n), size)
    for n, taken in zip(DUPLICATED_N_GRAMS, duplicated_n_gram_characters(words, DUPLICATED_N_GRAMS), strict=True):
        columns[f"duplicated_{n}_n_grams"] = ratio(taken, size)
    return struct(TYPE, columns)

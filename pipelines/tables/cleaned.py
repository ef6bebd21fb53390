"""What the stage clean writes: measures, contamination and decisions."""

import pyarrow as pa

from pipelines.tables.table import Table, columns, struct

_FINEWEB = struct(
    lines=pa.int64(),  # that are not blank
    line_punct_ratio=pa.float64(),  # lines whose last character is terminal punctuation
    short_line_ratio=pa.float64(),
    char_dup_ratio=pa.float64(),  # characters in lines seen before, of all but newlines
    list_ratio=pa.float64(),  # newlines per word
)


MEASURES = Table(
    "measures",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        source=pa.string(),
        language=pa.string(),
        language_score=pa.float64(),
        url=pa.string(),  # null where the document has none
        http_status=pa.int64(),  # of the response it was read from; null where the document has none
        gopher_repetition=struct(
            dup_para_frac=pa.float64(),
            dup_para_char_frac=pa.float64(),
            dup_line_frac=pa.float64(),
            dup_line_char_frac=pa.float64(),
            top_2_gram=pa.float64(),
            top_3_gram=pa.float64(),
            top_4_gram=pa.float64(),
            duplicated_5_n_grams=pa.float64(),
            duplicated_6_n_grams=pa.float64(),
            duplicated_7_n_grams=pa.float64(),
            duplicated_8_n_grams=pa.float64(),
            duplicated_9_n_grams=pa.float64(),
            duplicated_10_n_grams=pa.float64(),
        ),
        gopher_quality=struct(
            words=pa.int64(),  # that are not symbols
            mean_word_length=pa.float64(),  # of words that are not symbols, in characters
            hash_ratio=pa.float64(),  # `#` per word
            ellipsis_ratio=pa.float64(),  # `...` and `…` per word
            bullet_line_ratio=pa.float64(),  # lines that start with `•` or `-`
            ellipsis_line_ratio=pa.float64(),  # lines that end in `...` or `…`
            alpha_word_ratio=pa.float64(),  # words with a letter
            stop_words=pa.int64(),  # distinct ones; null for languages without a list
        ),
        c4=struct(
            sentences=pa.int64(),  # of the lines kept
            lorem_ipsum=pa.bool_(),
            curly_bracket=pa.bool_(),
            lines_read=pa.int64(),
            lines_kept=pa.int64(),
            too_long_word=pa.int64(),  # lines dropped, as the counts below
            no_terminal_punctuation=pa.int64(),
            too_few_words=pa.int64(),
            javascript=pa.int64(),
            policy=pa.int64(),
        ),
        fineweb=_FINEWEB,
        size=struct(characters=pa.int64(), words=pa.int64(), lines=pa.int64()),
        # classifier -> probability of its label; null where none is configured, the score null where it cannot judge
        classifiers=pa.map_(pa.string(), pa.float64()),
        # These two are of the text that C4's line rules leave, all others of the text as read.
        c4_fineweb=_FINEWEB,
        c4_size=struct(characters=pa.int64()),
        text=pa.string(),  # as read; later stages read it here, so texts are never joined
        c4_text=pa.string(),  # what C4's line rules leave of it; null where they leave it as it is
        run_id=pa.string(),
    ),
    later=("classifiers",),
    about="every measure of every rule set, and the texts that a policy chooses from",
)

_CONTAMINATION = struct(
    n_grams=pa.int64(),  # of benchmarks, in the overlaps
    passages=pa.int64(),  # spans that would be removed
    characters=pa.int64(),  # in overlaps, each once
    fraction=pa.float64(),  # of the text's characters
    left=pa.int64(),  # characters outside of the spans that are no whitespace
)
_OVERLAP = struct(
    benchmark=pa.string(),
    item=pa.int64(),  # from 0, in the order of the benchmark's files
    start=pa.int64(),  # code points of the text
    end=pa.int64(),
    n_grams=pa.int64(),
)
_SPAN = struct(start=pa.int64(), end=pa.int64())

CONTAMINATION = Table(
    "contamination",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        # of the text as read
        contamination=_CONTAMINATION,
        overlaps=pa.list_(_OVERLAP),
        spans=pa.list_(_SPAN),  # to remove: overlaps with punctuation and margins, in order and apart
        # of what C4's line rules leave of it; null where they leave it as it is
        c4_contamination=_CONTAMINATION,
        c4_overlaps=pa.list_(_OVERLAP),
        c4_spans=pa.list_(_SPAN),
        run_id=pa.string(),
    ),
    about="what texts have in common with the benchmarks that `decontaminate` names; no row: nothing",
)

DECISIONS = Table(
    "decisions",
    key=("doc_id",),
    schema=columns(
        doc_id=pa.string(),
        policy=pa.string(),  # name@fingerprint
        kept=pa.bool_(),
        reasons=pa.list_(pa.string()),  # `<rule set>.<rule>`, in policy order
        run_id=pa.string(),
    ),
    about="keep or drop under one policy, with every failed rule",
)

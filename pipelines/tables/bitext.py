"""What the stage pairs writes: sentence pairs as read, what is known of each, and those that training reads."""

import pyarrow as pa

from pipelines.tables.table import TEXT_MAP, TIMESTAMP, Table, columns, struct

PAIR_INPUTS = Table(
    "pair_inputs",
    key=("source", "path"),
    schema=columns(
        source=pa.string(),
        path=pa.string(),  # below the source's root; of a Moses corpus, the file of the source language
        beside=pa.string(),  # path of the other file of a Moses corpus
        uri=pa.string(),
        format=pa.string(),
        size=pa.int64(),  # bytes, of both files of a Moses corpus
        fingerprint=pa.string(),  # of sizes and contents
        settings=pa.string(),  # version of the readers, and fingerprint of the settings that the file was read with
        retry=pa.bool_(),  # whether the file could not be read to its end, so that the next run tries again
        rows_read=pa.int64(),  # counted by the reader; rows_read = pairs + rejects
        pairs=pa.int64(),
        rejects=pa.int64(),
        bytes_read=pa.int64(),
        run_id=pa.string(),
        recorded_at=TIMESTAMP,
    ),
    about="every file of sentence pairs, as it was last read; committed after its pairs and rejects",
)

PAIRS = Table(
    "pairs",
    key=("pair_id",),
    schema=columns(
        pair_id=pa.string(),
        source=pa.string(),  # name of the source in the configuration
        path=pa.string(),  # of the file, as in `pair_inputs`
        uri=pa.string(),
        position=pa.int64(),  # byte offset of the line, or number of the record in its file, from 0
        source_text=pa.string(),
        target_text=pa.string(),
        source_language=pa.string(),
        target_language=pa.string(),
        meta=TEXT_MAP,
        run_id=pa.string(),
        ingested_at=TIMESTAMP,
    ),
    about="one row per sentence pair read, texts as they stand in the file",
)

PAIR_REJECTS = Table(
    "pair_rejects",
    key=("source", "path", "position"),
    schema=columns(
        source=pa.string(),
        path=pa.string(),  # of the file, as in `pair_inputs`
        uri=pa.string(),
        position=pa.int64(),
        reason=pa.string(),
        detail=pa.string(),
        sample=pa.binary(),
        run_id=pa.string(),
        ingested_at=TIMESTAMP,
    ),
    about="records that could not become a sentence pair, with reason, position and the first bytes",
)

_NUMBER, _COUNT = pa.float64(), pa.int64()


def _sides(dtype: pa.DataType, *names: str) -> dict[str, pa.DataType]:
    """A field for the source, and one for the target."""
    return {f"{side}_{name}": dtype for name in names for side in ("source", "target")}


_OPUS = struct(
    **_sides(_COUNT, "words", "longest_word"),
    **_sides(_NUMBER, "average_word_length", "alphabet_ratio", "script_ratio"),  # null: the script is not known
    **_sides(pa.bool_(), "html_tag"),
    **_sides(_COUNT, "repetitions"),
    length_ratio=_NUMBER,  # words of the longer side over those of the shorter; infinite where one has none
    terminal_punctuation=_NUMBER,
    numerals=_NUMBER,
    common_substring=_NUMBER,  # null: a side is too long to compare
    similarity=_NUMBER,  # the same
)

_HARDRULES = struct(
    **_sides(_COUNT, "characters", "words"),  # words: characters in scripts without spaces
    **_sides(_NUMBER, "letter_share", "digit_share", "capitalised_share"),
    **_sides(_COUNT, "literals", "urls", "breadcrumbs", "glued_words", "repeated_words", "high_latin_run"),
    **_sides(_COUNT, "spaced_letters", "brackets", "unbalanced_brackets", "escapes", "mojibake"),
    length_ratio=_NUMBER,  # of characters; of bytes where a side is in a script without spaces
    identical=pa.bool_(),  # the same letters, whatever their case
    closing_difference=_COUNT,  # of closing parentheses
)

_LANGUAGE = struct(
    **_sides(pa.string(), "detected"),
    **_sides(_NUMBER, "score"),  # probability of the detected language
)

PAIR_MEASURES = Table(
    "pair_measures",
    key=("pair_id",),
    schema=columns(
        pair_id=pa.string(),
        source=pa.string(),
        source_language=pa.string(),
        target_language=pa.string(),
        source_hash=pa.binary(),  # 16 bytes: equal for equal normalised texts, on either side
        target_hash=pa.binary(),
        priority=pa.int32(),  # of the source, higher survives
        batch=pa.int64(),  # order of arrival: 0 for the first commit, then 1, ...
        opus=_OPUS,
        hardrules=_HARDRULES,
        language=_LANGUAGE,
        run_id=pa.string(),
    ),
    about="what the rules for sentence pairs look at, under no threshold",
)

PAIR_DECISIONS = Table(
    "pair_decisions",
    key=("pair_id",),
    schema=columns(
        pair_id=pa.string(),
        policy=pa.string(),  # name@fingerprint of the thresholds
        kept=pa.bool_(),
        reasons=pa.list_(pa.string()),  # every failed rule, `<set>.<rule>` or `<set>.<rule>:<side>`
        run_id=pa.string(),
    ),
    about="whether a policy keeps each sentence pair, and all rules that it fails",
)

PAIR_DUPLICATES = Table(
    "pair_duplicates",
    key=("pair_id",),
    schema=columns(
        pair_id=pa.string(),
        by=pa.string(),  # source | target | both: the sides that are equal once normalised
        cluster_id=pa.string(),  # pair_id of the survivor
        cluster_size=pa.int64(),
        kept=pa.bool_(),
        run_id=pa.string(),
    ),
    about="a row for every sentence pair that has a duplicate; exactly one per cluster is kept",
)

CLEAN_PAIRS = Table(
    "clean_pairs",
    key=("pair_id",),
    schema=columns(
        pair_id=pa.string(),
        source=pa.string(),
        source_text=pa.string(),
        target_text=pa.string(),
        source_language=pa.string(),
        target_language=pa.string(),
        split_group_id=pa.string(),  # cluster of source sentences: the held-out split goes by it
        run_id=pa.string(),
    ),
    about="final sentence pairs: kept by the rules, one per cluster of duplicates",
)

BITEXT = (PAIR_INPUTS, PAIRS, PAIR_REJECTS, PAIR_MEASURES, PAIR_DECISIONS, PAIR_DUPLICATES, CLEAN_PAIRS)
"""In the order of the data flow."""

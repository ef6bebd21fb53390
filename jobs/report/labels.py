"""Labels of stages, tables, rule sets and measures on the page."""

from dataclasses import dataclass

from pipelines.policies.policy import PASSES


@dataclass(frozen=True)
class Stage:
    """A stage, and the table whose existence shows that it has run; a table ending in `_` is a prefix of names."""

    name: str
    table: str
    makes: str


STAGES = (
    Stage("ingest", "documents", "documents and rejects"),
    Stage("clean", "decisions", "measures and decisions"),
    Stage("dedup", "clean_documents", "duplicates and clean documents"),
    Stage("tokenize", "tokens", "tokens"),
    Stage("pack", "sequences_", "packed sequences"),
)

TABLES = (
    "inputs",
    "documents",
    "rejects",
    "measures",
    "contamination",
    "decisions",
    "signatures",
    "duplicates",
    "passages",
    "passage_decisions",
    "clean_documents",
    "tokens",
    "sequences_",
)

REWRITERS = (*PASSES[:2], "boilerplate", "paragraphs", "sentences", *PASSES[2:])
"""What may rewrite a clean document, as its column `rewritten` names it, in order: the passes of a policy, and between
them the kinds of spans that other decisions take out."""

RULE_SETS = {
    "": "Document",
    "language": "Language",
    "url": "URL lists",
    "http": "HTTP status",
    "gopher_repetition": "Gopher repetition",
    "gopher_quality": "Gopher quality",
    "c4": "C4",
    "fineweb": "FineWeb",
    "classifiers": "Quality classifiers: probability of the label",
    "c4_fineweb": "FineWeb, after C4's line rules",
    "c4_size": "Size, after C4's line rules",
    "contamination": "Overlap with benchmarks",
    "c4_contamination": "Overlap with benchmarks, after C4's line rules",
    "text": "Text",
    "size": "Size",
}

MEASURES = {
    "language_score": "confidence of the language identifier",
    "http_status": "status of the HTTP response",
    "gopher_repetition.dup_para_frac": "share of paragraphs that repeat",
    "gopher_repetition.dup_para_char_frac": "share of characters in repeated paragraphs",
    "gopher_repetition.dup_line_frac": "share of lines that repeat",
    "gopher_repetition.dup_line_char_frac": "share of characters in repeated lines",
    "gopher_repetition.top_2_gram": "share of characters in the commonest two words in a row",
    "gopher_repetition.top_3_gram": "share of characters in the commonest three words in a row",
    "gopher_repetition.top_4_gram": "share of characters in the commonest four words in a row",
    **{
        f"gopher_repetition.duplicated_{n}_n_grams": f"share of characters in repeated runs of {n} words"
        for n in range(5, 11)
    },
    "gopher_quality.words": "words that are not symbols",
    "gopher_quality.mean_word_length": "mean length of these words, in characters",
    "gopher_quality.hash_ratio": "hash signs per word",
    "gopher_quality.ellipsis_ratio": "ellipses per word",
    "gopher_quality.bullet_line_ratio": "share of lines that begin with a bullet",
    "gopher_quality.ellipsis_line_ratio": "share of lines that end in an ellipsis",
    "gopher_quality.alpha_word_ratio": "share of words with a letter",
    "gopher_quality.stop_words": "different stop words that occur",
    "c4.sentences": "sentences in the lines that stay",
    "c4.lorem_ipsum": "holds a line of dummy text",
    "c4.curly_bracket": "holds a curly bracket in a line that stays",
    "c4.too_long_word": "lines dropped for a word that is too long",
    "c4.no_terminal_punctuation": "lines dropped that do not end a sentence",
    "c4.too_few_words": "lines dropped for too few words",
    "c4.javascript": "lines dropped that mention JavaScript",
    "c4.policy": "lines dropped that mention policies or cookies",
    "c4.lines_read": "lines read",
    "c4.lines_kept": "lines that stay",
    **{
        f"{prefix}fineweb.{name}": label
        for prefix in ("", "c4_")
        for name, label in {
            "lines": "lines that are not blank",
            "line_punct_ratio": "share of lines that end a sentence",
            "short_line_ratio": "share of lines of at most 30 characters",
            "char_dup_ratio": "share of characters in repeated lines",
            "list_ratio": "line breaks per word",
        }.items()
    },
    "size.characters": "characters",
    "size.words": "words and symbols",
    "size.lines": "lines",
    "c4_size.characters": "characters",
}

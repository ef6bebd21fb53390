"""The semantics version of each step: what its code makes of the same input and settings.

Whoever changes a step's output adds a line here; a test with golden outputs fails until then. A lake whose rows an
older version made rebuilds them, or keeps them with `--keep-old` (docs/decisions/0033-semantics-versions.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Semantics:
    """The versions of one step, each with what changed in it; the newest is what the code does."""

    step: str
    changes: Mapping[int, str]

    @property
    def version(self) -> int:
        """What the code does."""
        return max(self.changes)


_FIRST = {1: "the first version that is recorded"}

# files -> documents, rejects: formats, encodings, main text, languages
READING = Semantics(
    "reading",
    _FIRST
    | {
        2: "likeliest encodings, bad bytes as U+FFFD; web archives by their bytes, not their headers; JSON by its "
        "content, quotes behind a backslash, fields of structs, columns in names of folders"
    },
)
MEASURING = Semantics(  # -> measures: words, rule sets, C4's rewritten text
    "measuring",
    _FIRST
    | {2: "texts as read; those that C4's line rules change, and FineWeb's measures of both"}
    | {3: "words of scripts without spaces by ICU 78's dictionaries; stop words of ten more languages"},
)
COMPARING = Semantics("comparing", _FIRST)  # -> contamination: words, n-grams, overlaps with benchmarks
DECIDING = Semantics(  # -> decisions: policies, URL lists
    "deciding", _FIRST | {2: "policies say what rewrites; a text that would become empty is dropped"}
)
SIGNING = Semantics(  # -> signatures: text hashes, MinHash
    "signing", _FIRST | {2: "shingles of two words in scripts without spaces, by ICU 78's dictionaries"}
)
CLUSTERING = Semantics(  # -> duplicates: components, verification, survivors
    "clustering", _FIRST | {2: "similarity by shingles of two words in scripts without spaces"}
)
FINDING_PASSAGES = Semantics("finding_passages", _FIRST)  # -> passages: sentences, paragraphs, lines of a site
DECIDING_PASSAGES = Semantics("deciding_passages", _FIRST)  # -> passage_decisions: spans that go, documents that do
FINALIZING = Semantics(  # -> clean_documents: repair, personal data, groups of the split
    "finalizing", _FIRST | {2: "repair and replacement as the policy says; characters, and what each pass removed"}
)
ENCODING = Semantics(  # -> tokens
    "encoding", _FIRST | {2: "texts and words of more than 8 MiB in pieces that the vocabulary proves independent"}
)
PACKING = Semantics("packing", _FIRST)  # -> sequences_<name>: objective, order, held-out split
PACKING_MASKED = Semantics(
    "packing_masked", _FIRST
)  # -> sequences_<name> of the objective masked: sentences, segments
PAIR_ENCODING = Semantics("pair_encoding", _FIRST)  # -> pair_tokens
PACKING_TRANSLATION = Semantics("packing_translation", _FIRST)  # -> sequences_<name> of the objective translation
PAIR_READING = Semantics("pair_reading", _FIRST)  # files -> pairs, pair_rejects: formats, encodings
PAIR_MEASURING = Semantics(
    "pair_measuring", _FIRST
)  # -> pair_measures: rules for sentence pairs, hashes of both sides
PAIR_DECIDING = Semantics("pair_deciding", _FIRST)  # -> pair_decisions: policies
PAIR_COMPARING = Semantics("pair_comparing", _FIRST)  # -> pair_duplicates: survivors
PAIR_FINALIZING = Semantics("pair_finalizing", _FIRST)  # -> clean_pairs: groups of the split
DOCUMENT_FEATURES = Semantics("document_features", _FIRST)  # -> features_document_measures, features_document_state
SOURCE_FEATURES = Semantics("source_features", _FIRST)  # -> features_source_quality
BITEXT_FEATURES = Semantics("bitext_features", _FIRST)  # -> features_language_pair_statistics, features_segment_memory
RECORD_FEATURES = Semantics("record_features", _FIRST)  # -> features_term_glossary, features_client_profile, …_usage

STEPS = (
    READING, MEASURING, COMPARING, DECIDING, SIGNING, CLUSTERING, FINDING_PASSAGES, DECIDING_PASSAGES, FINALIZING,
    ENCODING, PACKING, PACKING_MASKED, PAIR_READING, PAIR_MEASURING, PAIR_DECIDING, PAIR_COMPARING, PAIR_FINALIZING,
    PAIR_ENCODING, PACKING_TRANSLATION,
    DOCUMENT_FEATURES, SOURCE_FEATURES, BITEXT_FEATURES, RECORD_FEATURES,
)  # fmt: skip

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

READING = Semantics("reading", _FIRST)  # files -> documents, rejects: formats, encodings, main text, languages
MEASURING = Semantics("measuring", _FIRST)  # -> measures: words, rule sets, C4's rewritten text
DECIDING = Semantics("deciding", _FIRST)  # -> decisions: policies, URL lists
SIGNING = Semantics("signing", _FIRST)  # -> signatures: text hashes, MinHash
CLUSTERING = Semantics("clustering", _FIRST)  # -> duplicates: components, verification, survivors
FINALIZING = Semantics("finalizing", _FIRST)  # -> clean_documents: repair, personal data, groups of the split
ENCODING = Semantics("encoding", _FIRST)  # -> tokens
PACKING = Semantics("packing", _FIRST)  # -> sequences_<name>: objective, order, held-out split

STEPS = (READING, MEASURING, DECIDING, SIGNING, CLUSTERING, FINALIZING, ENCODING, PACKING)

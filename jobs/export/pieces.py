"""Where the pieces of documents go in a file of whole documents.

Documents are ordered by the SHA-256 of their ids. So the same rows give the same file however they lie in the lake's
files, and a program that takes a range of documents for validation takes a random one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

_DIGEST = 16  # bytes of SHA-256 that order and tell apart documents


@dataclass(frozen=True)
class Places:
    """P pieces of D documents.

    Attributes:
        starts: (P,) int64, the token of the file at which each piece begins, in the order in which pieces were given.
        closing: (P,) bool, whether a piece is the last of its document.
        lengths: (D,) int64, tokens of each document, in the order of the file.
        fault: of a document whose pieces do not follow each other, one piece and what is wrong; else None.
    """

    starts: np.ndarray
    closing: np.ndarray
    lengths: np.ndarray
    fault: tuple[int, str] | None = None


def digests(doc_ids: Sequence[str]) -> np.ndarray:
    """(P, 2) big-endian uint64: the first 16 bytes of the SHA-256 of each id in UTF-8."""
    found = b"".join(sha256(doc_id.encode()).digest()[:_DIGEST] for doc_id in doc_ids)
    return np.frombuffer(found, ">u8").reshape(-1, 2)


def placed(documents: np.ndarray, offsets: np.ndarray, lengths: np.ndarray) -> Places:
    """The place of each piece.

    Args:
        documents: (P, 2) `digests` of each piece's document.
        offsets: (P,) int64, tokens of the document before the piece.
        lengths: (P,) int64, tokens of the piece, at least 1.
    """
    order = np.lexsort((offsets, documents[:, 1], documents[:, 0]))
    sorted_documents, sorted_lengths = documents[order], lengths[order]
    begins = np.ones(len(order), bool)  # (P,) whether a piece is the first of its document
    begins[1:] = (sorted_documents[1:] != sorted_documents[:-1]).any(axis=1)
    ends = np.cumsum(sorted_lengths)  # (P,)
    first = np.flatnonzero(begins)  # (D,)
    document_starts = (ends - sorted_lengths)[first]
    in_document = ends - sorted_lengths - np.repeat(document_starts, np.diff(first, append=len(order)))
    starts = np.empty(len(order), np.int64)
    starts[order] = ends - sorted_lengths
    closing = np.empty(len(order), bool)
    closing[order] = np.append(begins[1:], True)[: len(order)]
    total = ends[-1:]
    return Places(starts, closing, np.diff(document_starts, append=total), _fault(order, offsets[order], in_document))


def _fault(order: np.ndarray, offsets: np.ndarray, expected: np.ndarray) -> tuple[int, str] | None:
    wrong = np.flatnonzero(offsets != expected)
    if not len(wrong):
        return None
    at = wrong[0]
    return int(order[at]), f"a piece begins at token {offsets[at]:,}, and those before it have {expected[at]:,} tokens"

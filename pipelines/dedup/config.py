"""Options of deduplication."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipelines.config import Config, Execution, Location, Meaning
from pipelines.passages.config import PassagesConfig

_SIGNING = {"n_gram", "segmented_n_gram", "buckets", "hashes_per_bucket", "seed", "hash", "language"}
"""Options of MinHash that signatures depend on."""


class MinHashConfig(Config):
    """MinHash-LSH; the defaults are those of datatrove 0.10.1, whose signatures these are bit for bit.

    The exception is text in scripts without spaces, which datatrove cuts by rules of the language that it is told:
    with language `en`, a line of Chinese is one word there. The default `mul` finds its words by dictionary.

    Two documents of Jaccard similarity s become candidates with probability
    1 - (1 - s^hashes_per_bucket)^buckets: 5 % at 0.5, 56 % at 0.7, 77 % at 0.75, 92 % at 0.8, 99 % at 0.85.
    """

    n_gram: Meaning[int] = Field(
        default=5, ge=1, description="words per shingle; a text with fewer words has no signature"
    )
    segmented_n_gram: Meaning[int] = Field(
        default=2, ge=1, description="words of a shingle that begins in a script without spaces"
    )
    buckets: Meaning[int] = Field(default=14, ge=1, description="bands; one equal band makes a candidate pair")
    hashes_per_bucket: Meaning[int] = Field(default=8, ge=1, description="minima that must all be equal within a band")
    seed: Meaning[int] = Field(
        default=1, ge=0, lt=2**32, description="of the permutations; other seed, other signatures"
    )
    hash: Meaning[Literal["xxhash", "sha1"]] = Field(
        default="xxhash", description="of a shingle's bytes; FineWeb took sha1"
    )
    language: Meaning[str] = Field(
        default="mul",
        description="whose word rules make the shingles, for all texts alike; mul: those of en, and ICU's "
        "dictionaries for scripts without spaces",
    )
    verify: Meaning[bool] = Field(
        default=True, description="split components by true similarity; false accepts transitive closure"
    )
    threshold: Meaning[float] = Field(
        default=0.75, gt=0, le=1, description="least Jaccard similarity with the survivor"
    )

    @property
    def permutations(self) -> int:
        """Minima per signature."""
        return self.buckets * self.hashes_per_bucket


class DedupConfig(Config):
    """Parity with datatrove is `exact: false` with `minhash: {verify: false, language: en}`."""

    exact: Meaning[bool] = Field(
        default=True, description="equal texts (NFC, whitespace runs as one space) are duplicates"
    )
    minhash: MinHashConfig | None = Field(default=MinHashConfig(), description="null leaves exact duplicates only")
    against: Meaning[Annotated[tuple[str, ...], Location()]] = Field(
        default=(), description="folders or URIs of other lakes: a document that one of them holds is dropped"
    )
    passages: PassagesConfig = PassagesConfig()
    driver_documents: Execution[int] = Field(
        default=1_000_000,
        ge=0,
        description="documents whose signatures the driver compares itself, a few hundred bytes each, and whose data "
        "files it finds; more are shuffled",
    )
    driver_edges: Execution[int] = Field(
        default=10_000_000,
        ge=0,
        description="of more documents: candidate edges that the driver connects; more stay distributed",
    )

    def fingerprint(self) -> str:
        """Of the options that clusters within a lake depend on.

        Other lakes are not among them: what they hold changes without a change here, so each commit names their
        versions, and another lake takes single documents out instead of making the table anew.
        """
        return self._fingerprint("passages", "against")

    def signing_fingerprint(self) -> str:
        """Of the options that signatures depend on; a change of the others only repeats the clustering."""
        if self.minhash is None:
            return "no minhash"
        return MinHashConfig.model_validate(self.signing_settings()).fingerprint()

    def signing_settings(self) -> dict[str, Any]:
        """The options that signatures depend on; none without MinHash."""
        return self.minhash.model_dump(include=_SIGNING) if self.minhash else {}

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.exact and self.minhash is None:
            raise ValueError("dedup would find nothing: switch on `exact` or give `minhash` (or leave the stage out)")
        if repeated := sorted({lake for lake in self.against if self.against.count(lake) > 1}):
            raise ValueError(f"dedup.against: {repeated[0]} is named twice")
        return self

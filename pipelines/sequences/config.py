"""How documents become sequences."""

from typing import Literal

from pydantic import Field

from pipelines.config import Config, Meaning


class PackConfig(Config):
    """Settings of one packed table, `sequences_<name>`."""

    name: Meaning[str] = Field("causal", pattern=r"^[a-z][a-z0-9_]*$")
    length: Meaning[int] = Field(1024, ge=2, le=1 << 24, description="tokens of a sequence")
    strategy: Meaning[Literal["concat", "best_fit"]] = Field(
        "best_fit", description="concat fills every row but cuts most documents; best_fit cuts only longer ones"
    )
    heldout: Meaning[float] = Field(
        0.01, ge=0, lt=1, description="share of the groups of near duplicates that is held out"
    )
    seed: Meaning[int] = Field(0, description="of the held-out split and the shuffle")
    shard_tokens: Meaning[int] = Field(
        50_000_000, ge=1, description="documents are packed in shards of about this many tokens, one task each"
    )
    separator: Meaning[str | None] = Field(
        None, description="ends each document; default: the tokenizer's end-of-text token"
    )
    pad: Meaning[str | None] = Field(
        None, description="fills a sequence; default: the tokenizer's padding token, or separator"
    )

"""How sentence pairs become rows for training translation."""

from typing import Literal

from pydantic import Field

from pipelines.config import Config, Meaning


class TranslationConfig(Config):
    """Settings of one table `sequences_<name>` of rows `source separator target separator`."""

    name: Meaning[str] = Field("translation", pattern=r"^[a-z][a-z0-9_]*$")
    length: Meaning[int] = Field(
        256,
        ge=2,
        le=1 << 23,
        description="tokens of a side, its separator included; a pair with a longer side is in no row",
    )
    directions: Meaning[Literal["as_read", "reversed", "both"]] = Field(
        "as_read", description="which side is the source: as in the pair, the other one, or a row for each"
    )
    heldout: Meaning[float] = Field(0.01, ge=0, lt=1, description="share of the groups of pairs that is held out")
    seed: Meaning[int] = Field(0, description="of the held-out split and the shuffle")
    shard_tokens: Meaning[int] = Field(
        50_000_000, ge=1, description="pairs are packed in shards of about this many tokens, one task each"
    )
    separator: Meaning[str | None] = Field(
        None, description="ends each side; default: the tokenizer's end-of-text token"
    )
    pad: Meaning[str | None] = Field(
        None, description="fills a batch; default: the tokenizer's padding token, or separator"
    )

    @property
    def swaps(self) -> tuple[bool, ...]:
        """Of each row of a pair, whether the pair's target is the row's source."""
        return {"as_read": (False,), "reversed": (True,), "both": (False, True)}[self.directions]

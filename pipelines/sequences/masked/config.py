"""How documents become rows for a masked language model."""

from pydantic import Field

from pipelines.config import Config, Meaning


class MaskedConfig(Config):
    """Settings of one table `sequences_<name>` of rows `start A separator B separator`."""

    name: Meaning[str] = Field("masked", pattern=r"^[a-z][a-z0-9_]*$")
    length: Meaning[int] = Field(512, ge=8, le=1 << 24, description="tokens of a row")
    short_rows: Meaning[float] = Field(
        0.1, ge=0, le=1, description="share of rows that aim at fewer tokens, any number with equal chance"
    )
    random_next: Meaning[float] = Field(
        0.5, ge=0, le=1, description="share of rows whose second segment comes from another document"
    )
    heldout: Meaning[float] = Field(
        0.01, ge=0, lt=1, description="share of the groups of near duplicates that is held out"
    )
    seed: Meaning[int] = Field(0, description="of the held-out split, the segments and the shuffle")
    shard_tokens: Meaning[int] = Field(
        50_000_000, ge=1, description="documents are packed in shards of about this many tokens, one task each"
    )
    start: Meaning[str | None] = Field(
        None, description="begins each row; default: the tokenizer's class token, such as [CLS]"
    )
    separator: Meaning[str | None] = Field(
        None, description="ends each segment; default: [SEP] or </s>, else the tokenizer's end-of-text token"
    )
    mask: Meaning[str | None] = Field(
        None, description="hides a token in training; default: the tokenizer's mask token, such as [MASK]"
    )
    pad: Meaning[str | None] = Field(
        None, description="fills a row; default: the tokenizer's padding token, or separator"
    )

    @property
    def room(self) -> int:
        """Tokens of text that a row holds, besides the start and two separators."""
        return self.length - 3

    @property
    def longest_sentence(self) -> int:
        """Tokens of a sentence that stays whole: of two, each fits a row beside the other."""
        return self.room // 2

"""Configuration of the tokenizer: a file to load, or settings to train one."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.config import Config, Execution, Location, Meaning

Kind = Literal["bpe", "unigram", "wordpiece"]
WantedEncoder = Literal["auto", "fastokens", "tokenizers"]

SPECIAL_TOKENS: dict[Kind, tuple[str, ...]] = {
    "bpe": ("<|endoftext|>", "<|pad|>"),
    "unigram": ("<|endoftext|>", "<|pad|>"),
    "wordpiece": ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
}


class TokenizerConfig(Config):
    """Either `load` or training settings; giving both is an error."""

    name: Meaning[str] = "default"
    load: Meaning[Annotated[str | None, Location()]] = Field(
        None, description="path or URI of a tokenizer.json to use instead of training one"
    )
    kind: Meaning[Kind] = Field("bpe", description="byte-level BPE, byte-level Unigram, or BERT's WordPiece")
    vocab_size: Meaning[int] = Field(32_768, gt=0, description="special tokens included")
    sample_bytes: Meaning[int] = Field(
        100_000_000, gt=0, description="UTF-8 bytes of text to train on, held by the driver"
    )
    seed: Meaning[int] = Field(0, description="seed of the sample of training texts")
    min_frequency: Meaning[int] = Field(2, ge=1, description="a token must occur this often in the sample")
    special_tokens: Meaning[tuple[str, ...]] = Field((), description="default: those of the kind")
    unicode_form: Meaning[Literal["NFC", "NFD", "NFKC", "NFKD"] | None] = Field(
        None, description="normalise before splitting"
    )
    lowercase: Meaning[bool] = Field(True, description="wordpiece only")
    strip_accents: Meaning[bool | None] = Field(None, description="wordpiece only; default: as lowercase")

    encoder: Execution[WantedEncoder] = Field(
        "auto",
        description="the package that encodes; ids are the same. auto: fastokens if a comparison finds equal ids",
    )

    @model_validator(mode="after")
    def _load_or_train(self) -> Self:
        training = sorted(self.model_fields_set - {"name", "load", "encoder"})
        if self.load is not None and training:
            raise ValueError(
                f"`load` names a finished tokenizer, so drop {', '.join(training)} "
                "(on the command line, --set 'tokenizer={load: PATH}' replaces the whole section)"
            )
        cased = sorted(self.model_fields_set & {"lowercase", "strip_accents"})
        if self.kind != "wordpiece" and cased:
            raise ValueError(f"{', '.join(cased)} applies to `kind: wordpiece` only, not to {self.kind}")
        return self

    @model_validator(mode="after")
    def _fill_special_tokens(self) -> Self:
        if not self.special_tokens:
            # This default depends on another field; the model is frozen, hence object.__setattr__.
            object.__setattr__(self, "special_tokens", SPECIAL_TOKENS[self.kind])
        if len(set(self.special_tokens)) != len(self.special_tokens):
            raise ValueError(f"special_tokens holds one token twice: {list(self.special_tokens)}")
        least = 256 + len(self.special_tokens)
        if self.kind != "wordpiece" and self.vocab_size < least:
            raise ValueError(f"vocab_size must be at least {least}: 256 bytes and {least - 256} special tokens")
        if self.kind == "wordpiece" and "[UNK]" not in self.special_tokens:
            raise ValueError("special_tokens of a wordpiece tokenizer must hold [UNK]")
        return self

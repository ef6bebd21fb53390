"""Which passages of documents are compared with those of others. Thresholds belong to policies."""

from pydantic import Field

from pipelines.config import Config, Meaning


class SentencesConfig(Config):
    """Windows of sentences: a span of sentences that stands in another place too."""

    window: Meaning[int] = Field(3, ge=1, description="sentences in a row that are compared together, as in C4")
    min_words: Meaning[int] = Field(1, ge=1, description="windows of fewer normalised words are not compared")


class ParagraphsConfig(Config):
    """Paragraphs, which empty lines separate; in a text without empty lines, each line is one."""

    min_words: Meaning[int] = Field(1, ge=1, description="paragraphs of fewer normalised words are not compared")


class BoilerplateConfig(Config):
    """Lines, which are compared with those of other pages of their site alone."""

    min_words: Meaning[int] = Field(1, ge=1, description="lines of fewer normalised words are not compared")


class PassagesConfig(Config):
    """Each kind is off unless it is named; `{}` takes its defaults."""

    sentences: SentencesConfig | None = Field(None, description="null: sentences are not compared")
    paragraphs: ParagraphsConfig | None = Field(None, description="null: paragraphs are not compared")
    boilerplate: BoilerplateConfig | None = Field(None, description="null: lines of a site are not compared")

    @property
    def enabled(self) -> bool:
        """Whether anything is compared."""
        return any(each is not None for each in (self.sentences, self.paragraphs, self.boilerplate))

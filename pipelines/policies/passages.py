"""Thresholds on passages that repeat. They have a fingerprint of their own: a change decides nothing else anew."""

from pydantic import Field

from pipelines.config import Config, Meaning


class PassageThresholds(Config):
    """What a policy takes out of the documents whose passages are measured (`dedup.passages`)."""

    sentences: Meaning[bool] = Field(
        True, description="windows of sentences that stand in an earlier place are removed; false: they stay"
    )
    sentence_words: Meaning[int] = Field(0, ge=0, description="fewer words in a row of such sentences stay")
    paragraphs: Meaning[bool] = Field(
        True, description="paragraphs that stand in an earlier place are removed; false: they stay"
    )
    paragraph_words: Meaning[int] = Field(10, ge=0, description="paragraphs of fewer words stay")
    boilerplate: Meaning[bool] = Field(
        True, description="lines on many pages of a site are removed from all of them; false: they stay"
    )
    boilerplate_pages: Meaning[int] = Field(10, ge=2, description="a line on fewer pages of its site stays")
    boilerplate_share: Meaning[float] = Field(
        0.3, ge=0, le=1, description="a line on a smaller share of the pages of its site stays"
    )
    min_words: Meaning[int] = Field(
        50, ge=0, description="a document that lost passages and has fewer words left is dropped; 0: it stays"
    )
    min_sentences: Meaning[int] = Field(
        3, ge=0, description="a document that lost passages and has fewer sentences left is dropped; 0: it stays"
    )

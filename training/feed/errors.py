"""What can be wrong with the data of a feed."""

from pipelines.errors import MisuseError, TokenlakeError


class FeedError(TokenlakeError, RuntimeError):
    """Data that cannot be read as the table version says; the message names the file or row."""


class FeedMisuseError(MisuseError, ValueError):
    """Settings or a state that do not fit the tables; the message says what to change."""

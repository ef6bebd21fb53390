"""The base of all errors of this project, and the exit status that each kind means for a command.

Errors are `ValueError`, `RuntimeError` and so on besides, as Python's own of the same meaning.
"""

from collections.abc import Iterator
from typing import ClassVar


class TokenlakeError(Exception):
    """The run failed; the message is for the user."""

    exit_status: ClassVar[int] = 1


class MisuseError(TokenlakeError):
    """Bad usage or configuration: the command cannot do what it is asked for."""

    exit_status = 2


class MissingPathError(MisuseError, FileNotFoundError):
    """Something that the user names is not there."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and its causes: an error raised while a session stops hides the one that stopped it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__

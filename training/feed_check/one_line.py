"""Errors of a command as one line and an exit status."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.errors import TokenlakeError


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Ends the program at an error that is for the user: 1, the check failed; 2, misuse."""
    try:
        yield
    except TokenlakeError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)

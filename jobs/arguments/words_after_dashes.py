"""Arguments for another program, after `--`."""

import argparse
from collections.abc import Sequence
from typing import Any


class ParserWithRest(argparse.ArgumentParser):
    """A parser that leaves the words after the first `--` alone, wherever options stand before them.

    argparse itself takes them for unknown arguments when an option stands between a positional argument and `--`.
    """

    rest: str | None = None
    """The attribute for these words; None to treat `--` as argparse does."""

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As of argparse."""
        words = list(args or ())
        if self.rest is None:
            return super().parse_known_args(words, namespace)
        end = words.index("--") if "--" in words else len(words)
        parsed, unknown = super().parse_known_args(words[:end], namespace)
        setattr(parsed, self.rest, words[end + 1 :])
        return parsed, unknown

"""Escapes paths for Spark's readers."""

import re

_PATTERN = re.compile(r"([\[\]{}*?\\])")


def escaped(path: str) -> str:
    """A path with the characters escaped that Hadoop reads as a pattern."""
    return _PATTERN.sub(r"\\\1", path)

"""Markdown: the text as it is. YAML front matter, between two lines `---`, becomes meta when it is a plain mapping."""

import re
from typing import Any

import yaml

from pipelines.readers.record import ReadStatistics, Records, Reject, Split, accept
from pipelines.readers.whole import decoded

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.{0,65536}?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def read(split: Split, statistics: ReadStatistics) -> Records:
    """The document in a file.

    Raises:
        ReadError: the file cannot be opened.
    """
    whole = decoded(split, statistics)
    if isinstance(whole, Reject):
        yield whole
        return
    data, content = whole
    text, meta = front_matter(content.text)
    yield accept(0, text, meta | content.meta(), data)


def front_matter(text: str) -> tuple[str, dict[str, str]]:
    """(text without front matter, its plain values). Anything else stays in the text."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return text, {}
    try:
        values = yaml.safe_load(found[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return text, {}
    if not isinstance(values, dict):
        return text, {}
    return text[found.end() :], {str(key): shown for key, value in values.items() if (shown := _shown(value))}


def _shown(value: Any) -> str:
    """Scalars, and lists of scalars; anything deeper is left out (aliases may repeat it without end)."""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value if not isinstance(item, list | dict))
    return "" if value is None or isinstance(value, dict) else str(value)

"""Markdown: the text as it is. YAML front matter, between two lines `---`, becomes meta when it is a plain mapping."""

import re
from typing import Any

import yaml

from pipelines.readers.record import ReadStatistics, Records, Reject, Split, accept
from pipelines.readers.whole import decoded

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.{0,65536}?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_LONGEST = _MOST_PAIRS = 65536  # front matter without aliases has neither longer values nor more pairs
_MERGE = "tag:yaml.org,2002:merge"


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
    """(text without front matter, its plain values). Anything else stays in the text.

    Front matter whose merge keys multiply without bound also stays there, and `front_matter` in meta says so.
    """
    found = _FRONT_MATTER.match(text)
    if not found:
        return text, {}
    try:
        loader = yaml.SafeLoader(found[1])
        node = loader.get_single_node()
        if _pairs(node) > _MOST_PAIRS:
            return text, {"front_matter": "left in the text: its merge keys multiply without bound"}
        values = loader.construct_document(node)
        if not isinstance(values, dict):
            return text, {}
        return text[found.end() :], {str(key): shown for key, value in values.items() if (shown := _shown(value))}
    except MemoryError:
        raise
    except Exception:  # the constructors of YAML's types raise errors of many kinds
        return text, {}


def _shown(value: Any) -> str:
    """Scalars, and lists of scalars; anything deeper or longer is left out (aliases may repeat it without end)."""
    if isinstance(value, list):
        texts = [str(item) for item in value if not isinstance(item, list | dict | tuple | set)]
        return ", ".join(texts) if sum(map(len, texts)) <= _LONGEST else ""
    return "" if value is None or isinstance(value, dict | tuple | set) else str(value)


def _pairs(root: yaml.Node | None) -> int:
    """How many pairs all mappings hold once merge keys (yaml.org/type/merge) are replaced by what they name."""
    merged: dict[int, int] = {}  # by the identity of a mapping, which aliases share

    def of_mapping(node: yaml.MappingNode) -> int:
        if id(node) not in merged:
            merged[id(node)] = _MOST_PAIRS + 1  # holds when the mapping merges itself
            merged[id(node)] = sum(of_value(value) if key.tag == _MERGE else 1 for key, value in node.value)
        return merged[id(node)]

    def of_value(value: yaml.Node) -> int:
        named = value.value if isinstance(value, yaml.SequenceNode) else [value]
        return sum(of_mapping(each) for each in named if isinstance(each, yaml.MappingNode))

    total, waiting, seen = 0, [root], set[int]()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            total += of_mapping(node)
        waiting += [part for each in node.value for part in (each if isinstance(each, tuple) else (each,))]
    return total

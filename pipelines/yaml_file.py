"""YAML files that users write: in any encoding of Unicode, no key twice; errors name file and line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import yaml

from pipelines.errors import MisuseError

_NO_TAB = "indent with spaces, not with tabs"


class YamlFileError(MisuseError, ValueError):
    """Not YAML, or a key stands twice; the message names file and line."""


class Content(NamedTuple):
    """What a file holds, and the nodes it came from, which know their lines. None, None for an empty file."""

    data: Any
    root: yaml.Node | None


def content(data: bytes, origin: str) -> Content:
    """Reads the bytes of a YAML file: UTF-8, or UTF-16 with a byte order mark.

    Raises:
        YamlFileError: the message begins with `origin` and the line.
    """
    with _explained(data, origin):
        root = yaml.compose(data, Loader=yaml.SafeLoader)
        found = yaml.safe_load(data)
    _refuse_repeated(root, origin)
    return Content(found, root)


def contents(data: bytes, origin: str, loader: type[yaml.SafeLoader] = yaml.SafeLoader) -> Iterator[Content]:
    """Reads the documents of a YAML file one by one.

    Raises:
        YamlFileError: the message begins with `origin` and the line.
    """
    with _explained(data, origin):
        reader = loader(data)
        while reader.check_node():
            root = reader.get_node()
            _refuse_repeated(root, origin)
            yield Content(reader.construct_document(root), root)


@contextmanager
def _explained(data: bytes, origin: str) -> Iterator[None]:
    """Errors of the parser as errors for the user."""
    try:
        yield
    except YamlFileError:
        raise
    except yaml.reader.ReaderError as error:
        line = data.count(b"\n", 0, error.position) + 1
        raise YamlFileError(f"{origin}:{line}: not text in UTF-8: save the file as UTF-8 ({error.reason})") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{origin}:{mark.line + 1}" if mark else origin
        problem = _NO_TAB if "'\\t'" in str(error.problem) else error.problem
        raise YamlFileError(f"{where}: not valid YAML: {', '.join(filter(None, (error.context, problem)))}") from None
    except (ValueError, AttributeError) as error:  # of a value that its tag does not fit, such as `!!int x`
        raise YamlFileError(f"{origin}: not valid YAML: {error}") from None
    except RecursionError:
        raise YamlFileError(f"{origin}: nested too deeply") from None


def _refuse_repeated(root: yaml.Node | None, origin: str) -> None:
    for path, line in _repeated(root, (), set()):
        raise YamlFileError(f"{origin}:{line}: {'.'.join(path)}: the key stands twice")


def _repeated(node: yaml.Node | None, path: tuple[str, ...], seen: set[int]) -> Iterator[tuple[tuple[str, ...], int]]:
    """(path of keys, line from 1) of every key that its mapping holds already."""
    if node is None or id(node) in seen:  # an alias stands for the same node once more
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _repeated(item, (*path, str(index)), seen)
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in keys:
                yield (*path, key.value), key.start_mark.line + 1
            keys.add(key.value)
            yield from _repeated(value, (*path, key.value), seen)


def line_of(node: yaml.Node | None, path: Sequence[str | int]) -> int | None:
    """The line, from 1, of the deepest part of a path below a node that the file holds; None if it holds no part."""
    line = None
    for key in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line

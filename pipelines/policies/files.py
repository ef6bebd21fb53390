"""Policies as YAML files: found by name or path, combined with `extends`; errors name file and line."""

import posixpath
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipelines.errors import MisuseError
from pipelines.policies.policy import Policy, problems
from pipelines.storage.errors import StorageError
from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri, beside
from pipelines.yaml_file import YamlFileError, content


class PolicyError(MisuseError, ValueError):
    """A policy file that cannot be used; the message names file, line and key."""


def names() -> list[str]:
    """Names of the policies that come with the package."""
    return sorted(Path(entry.name).stem for entry in resources.files(__package__).iterdir() if _is_yaml(entry.name))


def names_a_policy(name_or_path: str) -> bool:
    """Whether it is the name of a policy of the package, rather than a path."""
    return not _is_yaml(name_or_path) and "/" not in name_or_path


def load(name_or_path: str) -> Policy:
    """Loads a policy of the package by name (`fineweb`), or a user's own by path or URI (`my/policy.yaml`).

    A file may say `extends: <name or path>`, relative to itself; its thresholds then replace the other's one by one,
    its `order`, `rewrite`, `name`, `version` and `about` as a whole.

    Raises:
        PolicyError: unreadable, unknown or repeated keys, wrong values, or files that extend each other in a circle.
        StorageError: a store refuses a file.
    """
    data, origin = _merged(name_or_path, "", ())
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise PolicyError(f"{origin}: {key}: {error.errors()[0]['msg']}") from None


def _merged(name_or_path: str, folder: str, seen: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    data, origin, folder = _read(name_or_path, folder)
    if origin in seen:
        raise PolicyError(f"{origin}: extends: policies extend each other in a circle: {' -> '.join([*seen, origin])}")
    fields = _parse(data, origin)
    base_name = fields.pop("extends", None)
    if base_name is None:
        return {"name": Path(origin).stem} | fields, origin
    base, _ = _merged(str(base_name), folder, (*seen, origin))
    return _overlay(base, {"name": Path(origin).stem} | fields), origin


def _read(name_or_path: str, folder: str) -> tuple[bytes, str, str]:
    """Content, name for messages, and the folder of relative paths."""
    if names_a_policy(name_or_path):
        packaged = resources.files(__package__) / f"{name_or_path}.yaml"
        if not packaged.is_file():
            known = ", ".join(names())
            raise PolicyError(f"unknown policy {name_or_path!r}; known: {known}, or the path of a .yaml file")
        return packaged.read_bytes(), name_or_path, ""
    location = beside(folder, name_or_path)
    uri = LakeUri.parse(location)
    try:
        return files_of(uri).read(str(uri)), location, posixpath.dirname(location)
    except StorageError:
        raise
    except OSError as error:
        raise PolicyError(f"{location}: cannot be read: {error.strerror or 'no such file'}") from None


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _parse(text: bytes, origin: str) -> dict[str, Any]:
    try:
        data, root = content(text, origin)
    except YamlFileError as error:
        raise PolicyError(str(error)) from None
    if root is None or not isinstance(data, dict):
        raise PolicyError(f"{origin}:1: a policy is a mapping of keys")
    lines = dict(_lines(root, ()))
    found = [*_unknown_keys(data), *problems(data)]
    if found:
        path, message = found[0]
        line = next(lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines)
        raise PolicyError(f"{origin}:{line}: {'.'.join(path)}: {message}")
    return data


def _unknown_keys(data: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    known = ("extends", *Policy.model_fields)
    for key in data:
        if key not in known:
            yield (str(key),), f"unknown key; known: {', '.join(known)}"


def _lines(node: yaml.Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """(path of keys, line from 1) of every node."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*path, str(index)))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
            yield (*path, key.value), key.start_mark.line + 1  # a key's line, not that of the block below it


def _overlay(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` on `base`, mapping by mapping."""
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        merged[key] = _overlay(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged

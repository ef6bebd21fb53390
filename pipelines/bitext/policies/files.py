"""Policies for sentence pairs as YAML files: found by name or path, combined with `extends`."""

import posixpath
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipelines.bitext.policies.policy import PairPolicy, problems
from pipelines.errors import MisuseError
from pipelines.storage.errors import StorageError
from pipelines.storage.storage import files_of
from pipelines.storage.uri import LakeUri, beside
from pipelines.yaml_file import YamlFileError, content

_ENDS = (".yaml", ".yml")
_MAPPINGS = ("rules", "pairs")


class PairPolicyError(MisuseError, ValueError):
    """A policy for pairs that cannot be used; the message names file, line and key."""


def names() -> list[str]:
    """Names of the policies that come with the package."""
    entries = (Path(entry.name) for entry in resources.files(__package__).iterdir())
    return sorted(entry.stem for entry in entries if entry.suffix in _ENDS)


def load(name_or_path: str) -> PairPolicy:
    """Loads a policy of the package by name (`opus`), or a user's own by path or URI (`my/policy.yaml`).

    A file may say `extends: <name or path>`, relative to itself; its thresholds then replace the other's one by one.

    Raises:
        PairPolicyError: unreadable, unknown keys or rules, wrong values, or files that extend each other in a circle.
        StorageError: a store refuses a file.
    """
    data, origin = _merged(name_or_path, "", ())
    try:
        return PairPolicy.model_validate(data)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise PairPolicyError(f"{origin}: {key}: {error.errors()[0]['msg']}") from None


def _merged(name_or_path: str, folder: str, seen: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    text, origin, folder = _read(name_or_path, folder)
    if origin in seen:
        circle = " -> ".join([*seen, origin])
        raise PairPolicyError(f"{origin}: extends: policies extend each other in a circle: {circle}")
    fields = {"name": Path(origin).stem} | _parsed(text, origin)
    extended = fields.pop("extends", None)
    if extended is None:
        return fields, origin
    under, _ = _merged(str(extended), folder, (*seen, origin))
    rules = {**(under.get("rules") or {}), **(fields.get("rules") or {})}
    pairs = dict(under.get("pairs") or {})
    for key, thresholds in (fields.get("pairs") or {}).items():
        pairs[key] = {**pairs.get(key, {}), **(thresholds or {})}
    return {**under, **fields, "rules": rules, "pairs": pairs}, origin


def _read(name_or_path: str, folder: str) -> tuple[bytes, str, str]:
    """Content, name for messages, and the folder of relative paths."""
    if not name_or_path.endswith(_ENDS):
        packaged = resources.files(__package__) / f"{name_or_path}.yaml"
        if "/" in name_or_path or not packaged.is_file():
            known = ", ".join(names())
            raise PairPolicyError(f"unknown policy {name_or_path!r}; known: {known}, or the path of a .yaml file")
        return packaged.read_bytes(), name_or_path, ""
    location = beside(folder, name_or_path)
    uri = LakeUri.parse(location)
    try:
        return files_of(uri).read(str(uri)), location, posixpath.dirname(location)
    except StorageError:
        raise
    except OSError as error:
        raise PairPolicyError(f"{location}: cannot be read: {error.strerror or 'no such file'}") from None


def _parsed(text: bytes, origin: str) -> dict[str, Any]:
    try:
        data, root = content(text, origin)
    except YamlFileError as error:
        raise PairPolicyError(str(error)) from None
    if root is None or not isinstance(data, dict):
        raise PairPolicyError(f"{origin}:1: a policy is a mapping of keys")
    lines = dict(_lines(root, ()))
    for path, message in (*_unknown_keys(data), *problems(data)):
        line = next(lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines)
        raise PairPolicyError(f"{origin}:{line}: {'.'.join(path)}: {message}")
    return {key: value for key, value in data.items() if value is not None or key not in _MAPPINGS}


def _unknown_keys(data: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    known = ("extends", *PairPolicy.model_fields)
    return (((str(key),), f"unknown key; known: {', '.join(known)}") for key in data if key not in known)


def _lines(node: yaml.Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """(path of keys, line from 1) of every key of mappings."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
            yield (*path, key.value), key.start_mark.line + 1  # a key's line, not that of the block below it

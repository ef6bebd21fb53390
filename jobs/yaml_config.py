"""YAML to validated configuration, with errors that name the file, the line and the key."""

import os
import re
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_origin

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class ConfigError(ValueError):
    """An invalid configuration; the message names file, line and key."""


def load(
    path: str | Path,
    model: type[Model],
    overrides: Sequence[str] = (),
    prepare: Callable[[dict[str, Any]], None] | None = None,
) -> Model:
    """Reads a YAML file into `model`.

    `prepare` changes what the file says, before the overrides.


    `overrides` are `key.path=value`, with a YAML value; a list item is addressed by its number, from 0. Under a
    mapping with free keys (`spark`), the rest of the path is one key, dots included, and the value is text.
    In the file, `${NAME}` is an environment variable, `${python:purelib}` and `${python:stdlib}` are folders of the
    interpreter.

    Raises:
        ConfigError: unreadable file, bad YAML, unknown key, wrong type or value.
    """
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text) or {}
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{name}: the top level must be a mapping of sections")
    data = _expand(data, name)
    if prepare is not None:
        prepare(data)
    return parse(_override(data, overrides, model), model, name, root)


def parse(data: Mapping[str, Any], model: type[Model], name: str, root: yaml.Node | None = None) -> Model:
    """Validates a mapping; messages use `name` and the line numbers of `root` (the composed YAML).

    Raises:
        ConfigError: one line for each problem.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [_describe(problem, name, root) for problem in error.errors()]
        raise ConfigError("\n".join(problems)) from error


def _describe(problem: Mapping[str, Any], name: str, root: yaml.Node | None) -> str:
    keys = [key for key in problem["loc"] if not str(key).startswith("function-")]
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "unknown key"
    line = _line(root, keys)
    where = f"{name}:{line}" if line else name
    return f"{where}: {'.'.join(map(str, keys)) or 'top level'}: {message}"


def _line(node: yaml.Node | None, keys: Sequence[str | int]) -> int | None:
    """The line of the deepest part of the key's path that the file holds."""
    line = None
    for key in keys:
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


def _override(data: dict[str, Any], overrides: Sequence[str], model: type[BaseModel]) -> dict[str, Any]:
    for override in overrides:
        path, separator, value = override.partition("=")
        if not separator or not path:
            raise ConfigError(f"--set {override}: expected key.path=value, for example tokenizer.vocab_size=16000")
        section, _, rest = path.partition(".")
        field = model.model_fields.get(section)
        if field is not None and get_origin(field.annotation) is dict and rest:
            _assign(data, [section, rest], value, override)
            continue
        try:
            parsed = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {override}: the value is not valid YAML") from error
        _assign(data, path.split("."), parsed, override)
    return data


def _assign(data: Any, keys: Sequence[str], value: object, override: str) -> None:
    *parents, last = keys
    for key, following in zip(parents, keys[1:], strict=True):
        if isinstance(data, list):
            data = _item(data, key, override)
        else:
            if data.get(key) is None:  # an absent list is overridden as the default list, which has one entry
                data[key] = [{}] if following.isdigit() else {}
            data = data[key]
        if not isinstance(data, dict | list):
            raise ConfigError(f"--set {override}: {key} holds a value, not a section")
    if isinstance(data, list):
        _item(data, last, override)
        data[int(last)] = value
    else:
        data[last] = value


def _item(items: list[Any], key: str, override: str) -> Any:
    if not key.isdigit() or int(key) >= len(items):
        raise ConfigError(f"--set {override}: {key} is not one of 0 … {len(items) - 1}")
    return items[int(key)]


def _expand(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, name) for item in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _variable(found[1], name), value)
    return value


def _variable(variable: str, name: str) -> str:
    if variable.startswith("python:"):
        folder = sysconfig.get_paths().get(variable.removeprefix("python:"))
        if folder:
            return folder
        raise ConfigError(f"{name}: ${{{variable}}}: known are {', '.join(sorted(sysconfig.get_paths()))}")
    if variable not in os.environ:
        raise ConfigError(f"{name}: ${{{variable}}}: no such environment variable")
    return os.environ[variable]

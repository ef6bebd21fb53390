"""YAML to validated configuration, with errors that name the file, the line and the key."""

import os
import re
import sysconfig
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from jobs.config_paths import anchored
from pipelines.errors import MisuseError
from pipelines.yaml_file import YamlFileError, content, line_of

Model = TypeVar("Model", bound=BaseModel)

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class ConfigError(MisuseError, ValueError):
    """An invalid configuration; the message names file, line and key."""


class Override(NamedTuple):
    """One `--set`: the path of a key, and the value it is given."""

    keys: tuple[str, ...]
    value: object
    text: str  # as on the command line


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
    interpreter. Relative paths start from the file's folder, in `overrides` from the working directory.

    Raises:
        ConfigError: unreadable file, bad YAML, unknown or repeated key, wrong type or value.
    """
    name = str(path)
    try:
        data, root = content(Path(path).read_bytes(), name)
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror}") from error
    except YamlFileError as error:
        raise ConfigError(str(error)) from None
    if not isinstance(data, dict | None):
        raise ConfigError(f"{name}: the top level must be a mapping of sections, such as `lake:` and `sources:`")
    settings = anchored(_expand(data or {}, name), model, os.path.dirname(name))
    if prepare is not None:
        prepare(settings)
    changes = [_override(text, model) for text in overrides]
    for change in changes:
        _assign(settings, change)
    return parse(anchored(settings, model, ""), model, name, root, changes)


def parse(
    data: Mapping[str, Any],
    model: type[Model],
    name: str,
    root: yaml.Node | None = None,
    overrides: Iterable[Override] = (),
) -> Model:
    """Validates a mapping; messages use `name`, the line numbers of `root` (the composed YAML), or the override.

    Raises:
        ConfigError: one line for each problem.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [_describe(problem, name, root, overrides) for problem in error.errors()]
        raise ConfigError("\n".join(problems)) from error


def _describe(problem: Mapping[str, Any], name: str, root: yaml.Node | None, overrides: Iterable[Override]) -> str:
    keys = [key for key in problem["loc"] if not str(key).startswith("function-")]
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "unknown key"
    line = line_of(root, keys)
    where = f"{name}:{line}" if line else name
    for override in overrides:
        if override.keys == tuple(map(str, keys))[: len(override.keys)]:
            where = f"--set {override.text}"
    return f"{where}: {'.'.join(map(str, keys)) or 'top level'}: {message}"


def _override(text: str, model: type[BaseModel]) -> Override:
    path, separator, value = text.partition("=")
    if not separator or not path:
        raise ConfigError(f"--set {text}: expected key.path=value, for example tokenizer.vocab_size=16000")
    section, _, rest = path.partition(".")
    field = model.model_fields.get(section)
    if field is not None and get_origin(field.annotation) is dict and rest:
        return Override((section, rest), value, text)
    try:
        return Override(tuple(path.split(".")), yaml.safe_load(value), text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {text}: the value is not valid YAML") from error


def _assign(data: Any, override: Override) -> None:
    *parents, last = override.keys
    for key, following in zip(parents, override.keys[1:], strict=True):
        if isinstance(data, list):
            data = _item(data, key, override)
        else:
            if data.get(key) is None:  # an absent list is overridden as the default list, which has one entry
                data[key] = [{}] if following.isdigit() else {}
            data = data[key]
        if not isinstance(data, dict | list):
            raise ConfigError(f"--set {override.text}: {key} holds a value, not a section")
    if isinstance(data, list):
        _item(data, last, override)
        data[int(last)] = override.value
    else:
        data[last] = override.value


def _item(items: list[Any], key: str, override: Override) -> Any:
    if not key.isdigit() or int(key) >= len(items):
        raise ConfigError(f"--set {override.text}: {key} is not one of 0 … {len(items) - 1}")
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

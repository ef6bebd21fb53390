"""Relative paths of a configuration: in its file they start from the file's folder, on the command line from the
working directory."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import BaseModel

from pipelines.config import Config, Location
from pipelines.storage.uri import canonical, is_uri


def anchored(data: Any, model: type[BaseModel], folder: str) -> Any:
    """The values of a section, with each relative path among them made absolute from `folder`.

    A path that is left out and has a default is set. A section without any key (`clean:`) becomes an empty mapping.
    A value of a wrong type is left to validation.
    """
    if not isinstance(data, dict) or not issubclass(model, Config):
        return data
    found = dict(data)
    for name, field in model.model_fields.items():
        mark, section = model.location(name), model.section(name)
        if mark is not None and isinstance(value := data.get(name, field.default), str | list):
            found[name] = _each(value, partial(_absolute, mark=mark, folder=folder))
        elif section is not None and name in data:
            below = {} if data[name] is None else data[name]
            found[name] = _each(below, partial(anchored, model=section, folder=folder))
    return found


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    return [change(item) for item in value] if isinstance(value, list) else change(value)


def _absolute(path: Any, mark: Location, folder: str) -> Any:
    """A path from `folder` on; names stay as they are, URIs get their one spelling, and `~` is the user's home."""
    if not isinstance(path, str) or not path or mark.is_name(path):
        return path
    if is_uri(path):
        return canonical(path)
    return os.path.abspath(os.path.join(folder, os.path.expanduser(path)))

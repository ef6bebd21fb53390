"""Documents from files, folders, kustomizations and standard input."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from jobs.kubernetes.lint.node import Document
from pipelines.errors import MissingPathError, MisuseError
from pipelines.yaml_file import Content, contents

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


class _Loader(yaml.SafeLoader):
    """Reads scalars as Kubernetes does: a date stays text, and so does `=`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] not in {"timestamp", "value"}]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class BuildError(MisuseError):
    """A kustomization cannot be built."""


def documents(path: str) -> list[Document]:
    """The objects of a file, of a folder, of what kustomize makes of a folder, or (`-`) of standard input.

    Raises:
        MissingPathError: there is no such file or folder, or no YAML file in the folder.
        BuildError: kustomize is missing, or says why it fails.
        YamlFileError: not YAML.
    """
    if path == "-":
        return list(_objects(sys.stdin.buffer.read(), "standard input", lines=True))
    if not os.path.isdir(path):
        return list(_objects(_bytes(path), path, lines=True))
    if any(os.path.isfile(os.path.join(path, name)) for name in _KUSTOMIZATIONS):
        return list(_objects(_built(path), path, lines=False))
    names = sorted(name for name in os.listdir(path) if name.endswith((".yaml", ".yml")))
    if not names:
        raise MissingPathError(f"{path}: no *.yaml in this folder; name the files, or a folder below it")
    return [each for name in names for each in documents(os.path.join(path, name))]


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise MissingPathError(f"{path}: {error.strerror}") from error


def _built(folder: str) -> bytes:
    from jobs.kubernetes.rendering import KustomizeError, NoKustomizeError, build  # files alone need none of it

    try:
        return build(Path(folder)).encode()
    except NoKustomizeError:
        raise BuildError(
            f"{folder}: neither kubectl nor kustomize is on the PATH, and a kustomization needs one of them; install "
            f"one, or pipe its output: `kubectl kustomize {folder} | tokenlake k8s lint -`"
        ) from None
    except KustomizeError as error:
        raise BuildError(f"kustomize does not build {error}") from error


def _objects(data: bytes, origin: str, lines: bool) -> Iterator[Document]:
    """Those of a List one by one; what has no kind is no object."""
    for content in contents(data, origin, _Loader):
        for found, root in _items(content):
            if isinstance(found, dict) and isinstance(found.get("kind"), str):
                yield Document(origin, found, root if lines else None)


def _items(content: Content) -> Iterator[Content]:
    data, root = content
    if (
        not isinstance(data, dict)
        or not str(data.get("kind")).endswith("List")
        or not isinstance(data.get("items"), list)
    ):
        yield content
        return
    nodes = [value for key, value in root.value if key.value == "items"] if isinstance(root, yaml.MappingNode) else []
    for number, item in enumerate(data["items"]):
        yield Content(item, nodes[0].value[number] if nodes else None)

"""`tokenlake k8s render`: manifests from values."""

import argparse
from pathlib import Path

import yaml

from jobs.cli import UsageError
from jobs.kubernetes import rendering
from jobs.kubernetes.values import Values
from jobs.progress import Reporter
from pipelines.errors import MissingPathError


def render(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Prints the manifests, or writes the overlay and prints which files changed.

    Raises:
        ConfigError: an unknown key or a wrong value.
        KustomizeError: kustomize refuses the manifests.
        MissingPathError: there is no such file.
    """
    if arguments.defaults:
        print(yaml.safe_dump(Values().model_dump(mode="json"), sort_keys=False, allow_unicode=True), end="")
        return 0
    if arguments.values is None:
        raise UsageError("name the file of values, such as k8s/overlays/dev/values.yaml; --defaults prints all values")
    path = Path(arguments.values)
    if path.is_dir():
        path /= "values.yaml"
    if not path.is_file():
        raise MissingPathError(f"{path}: no such file; `tokenlake k8s render --defaults` prints what it can hold")
    values = rendering.read(path, arguments.set)
    if not arguments.write:
        print(rendering.rendered(values, path.parent), end="")
        return 0
    changed = rendering.write(values, path.parent)
    for each in changed:
        print(each)
    print(f"{len(changed)} files changed; apply them with: kubectl apply -k {path.parent}")
    return 0

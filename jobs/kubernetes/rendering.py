"""The manifests of a site: files of its overlay, and what kustomize builds of them."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from jobs.config import RunConfig
from jobs.kubernetes.overlay import HOME, MADE, SITE, overlay
from jobs.kubernetes.values import Values
from jobs.yaml_config import load
from pipelines.errors import MisuseError, TokenlakeError


class KustomizeError(TokenlakeError, RuntimeError):
    """Kustomize could not build the manifests; the message is its own."""


class NoKustomizeError(MisuseError, RuntimeError):
    """Neither kubectl nor kustomize is installed."""


def read(path: Path, overrides: Sequence[str] = ()) -> Values:
    """The values in a file.

    Raises:
        ConfigError: an unknown key or a wrong value, there or in the pipeline's configuration; the message names file,
            line and key.
        MisuseError: the pipeline's configuration is not in the folder of the file, or below it.
    """
    values = load(path, Values, overrides)
    pipeline = Path(values.pipeline)
    if pipeline.is_absolute() or ".." in pipeline.parts:
        raise MisuseError(
            f"{path}: pipeline: {pipeline} must lie in {path.parent} or below, since kustomize reads no file "
            "outside the folder of an overlay: copy it there"
        )
    if not (path.parent / values.pipeline).is_file():
        raise MisuseError(
            f"{path}: pipeline: there is no {path.parent / values.pipeline}; write what the jobs are to read and make "
            "there (as for `tokenlake run`)"
        )
    load(path.parent / values.pipeline, RunConfig)
    return values


def write(values: Values, folder: Path) -> list[Path]:
    """Brings the made files of an overlay's folder up to date; returns those that changed.

    Raises:
        MisuseError: the folder has a kustomization that somebody wrote.
    """
    top = folder / "kustomization.yaml"
    if top.exists() and not _is_made(top):
        raise MisuseError(
            f"{top} was not made by this command, which would replace it: move the values into a folder of their own, "
            "and name that folder among the `resources` of yours"
        )
    made = overlay(values, folder.resolve())
    changed = [folder / path for path, content in made.items() if _content(folder / path) != content]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[str(path.relative_to(folder))])
    kept = {folder / path for path in made}
    stale = {path for path in (folder / SITE).glob("*.yaml") if path not in kept and _is_made(path)}
    for path in stale:
        path.unlink()
    return sorted({*changed, *stale})


def build(folder: Path) -> str:
    """What kustomize makes of a folder: the manifests as one YAML stream.

    Raises:
        KustomizeError: it refuses the folder.
        NoKustomizeError: it is not installed.
    """
    if shutil.which("kubectl"):
        command = ["kubectl", "kustomize"]
    elif shutil.which("kustomize"):
        command = ["kustomize", "build"]
    else:
        raise NoKustomizeError("kubectl builds the manifests, and is missing: https://kubernetes.io/docs/tasks/tools")
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise KustomizeError(f"{folder}: {done.stderr.strip()}")
    return done.stdout


def _content(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def _is_made(path: Path) -> bool:
    return (_content(path) or "").startswith(MADE)


def rendered(values: Values, folder: Path) -> str:
    """The manifests of a site whose file of values lies in `folder`, without changing anything there.

    Raises:
        KustomizeError: kustomize refuses what the values make.
    """
    from tempfile import TemporaryDirectory

    # Beside the base, since kustomize takes bases by relative paths, and from a copy, since HOME may be read-only.
    with TemporaryDirectory(prefix="tokenlake-k8s-") as temporary:
        shutil.copytree(HOME, Path(temporary, "k8s"), ignore=shutil.ignore_patterns("overlays"))
        site = Path(temporary, "k8s", "overlays", "site")
        site.mkdir(parents=True)
        pipeline = site / values.pipeline
        pipeline.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / values.pipeline, pipeline)
        for path, content in overlay(values, HOME / "overlays" / "site").items():
            target = site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
        try:
            return build(site)
        except KustomizeError as error:
            raise KustomizeError(
                str(error).replace(str(site), str(folder)).replace(temporary, str(HOME.parent))
            ) from None

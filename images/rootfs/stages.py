"""Makes the folder of each stage; a stage whose inputs have not changed is kept."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from images.rootfs.containerfile import Instruction, Stage

# What no image holds of the folders that it copies; .containerignore says the same to a container engine.
LEFT_OUT = ("__pycache__", "*.nbi", "*.nbc", "words-*.npz")

# With mounts and processes of its own: what is mounted, and what is started, ends with the command.
_UNSHARED = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
_RUN = """
set -e
mount --make-rprivate /
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -t tmpfs tmpfs "$ROOT/run"
mkdir -p "$ROOT/run/secrets"
cp -r "$SECRETS/." "$ROOT/run/secrets"
for pair in $CACHES; do
    mkdir -p "${pair%%:*}" "$ROOT${pair#*:}"
    mount --bind "${pair%%:*}" "$ROOT${pair#*:}"
done
touch "$ROOT/etc/resolv.conf" && mount --bind "$(readlink -f /etc/resolv.conf)" "$ROOT/etc/resolv.conf"
exec chroot "$ROOT" /usr/bin/env -i "$@"
"""
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class StepError(RuntimeError):
    """A command failed; the message names its line. What it printed stands above."""


class StageBuilder:
    """Carries out stages.

    Args:
        context: the folder that COPY reads.
        work: holds a folder for each stage, and beside it `NAME.inputs`, the hash of what it was made from.
        secrets: a folder with the build secrets.
        base: makes the root file system of an image outside the Containerfile in a folder that does not exist.
        base_recipe: says how `base` does that; with another recipe, what it made is stale.
        report: is told what is done.
    """

    def __init__(
        self,
        context: Path,
        work: Path,
        secrets: Path,
        base: Callable[[str, Path], None],
        base_recipe: str,
        report: Callable[[str], None],
    ) -> None:
        self._context, self._work, self._secrets = context, work, secrets
        self._base, self._base_recipe, self._report = base, base_recipe, report
        self._inputs: dict[str, str] = {}  # stage or image -> hash
        self._environment: dict[str, dict[str, str]] = {}  # what a stage leaves to those built on it
        self._working: dict[str, str] = {}

    def build(self, stages: Iterable[Stage]) -> str:
        """Makes all stages that are not up to date; returns the hash of what the last one is made from."""
        inputs = ""
        for stage in stages:
            inputs = self._build(stage)
        return inputs

    def folder(self, name: str) -> Path:
        """The folder of a stage."""
        return self._work / name.replace("/", "+")

    def _build(self, stage: Stage) -> str:
        if stage.parent not in self._inputs:
            self._build_base(stage.parent)
        inputs = self._hash(stage)
        self._inputs[stage.name] = inputs
        self._environment[stage.name] = self._environment.get(stage.parent, {}) | _environment(stage)
        begin = self._working.get(stage.parent, "/")
        self._working[stage.name] = _working(stage, begin)
        if not self._is_made(stage.name, inputs):
            self._report(f"stage {stage.name}")
            folder = self._begin(stage.name)
            subprocess.run(["cp", "-a", self.folder(stage.parent), folder], check=True)
            for number, each in enumerate(stage.instructions):
                working = _working(stage, begin, number)
                self._carry_out(each, folder, working, self._environment[stage.name])
            self._finish(stage.name, inputs)
        return inputs

    def _build_base(self, image: str) -> None:
        inputs = hashlib.sha256(f"{image} {self._base_recipe}".encode()).hexdigest()
        self._inputs[image] = inputs
        if not self._is_made(image, inputs):
            self._report(f"base {image}")
            self._base(image, self._begin(image))
            self._finish(image, inputs)

    def _is_made(self, name: str, inputs: str) -> bool:
        note = self._note(name)
        return note.is_file() and note.read_text() == inputs

    def _begin(self, name: str) -> Path:
        self._note(name).unlink(missing_ok=True)
        folder = self.folder(name)
        if folder.exists():
            shutil.rmtree(folder)
        return folder

    def _finish(self, name: str, inputs: str) -> None:
        self._note(name).write_text(inputs)

    def _note(self, name: str) -> Path:
        return self.folder(name).with_name(f"{self.folder(name).name}.inputs")

    def _hash(self, stage: Stage) -> str:
        """Of all that the stage is made from: its parent, its instructions, and what they copy."""
        found = hashlib.sha256(self._inputs[stage.parent].encode())
        for each in stage.instructions:
            found.update(f"{each.keyword} {each.flags} {each.text}\n".encode())
            if each.keyword == "COPY":
                origin = each.flag("from")
                if origin is not None:
                    found.update(self._inputs[origin].encode())
                else:
                    for source in each.words[:-1]:
                        _add(found.update, self._context / source)
        return found.hexdigest()

    def _carry_out(self, each: Instruction, folder: Path, working: str, environment: Mapping[str, str]) -> None:
        if each.keyword == "COPY":
            self._copy(each, folder)
        elif each.keyword == "WORKDIR":
            _inside(folder, each.text).mkdir(parents=True, exist_ok=True)
        elif each.keyword == "RUN":
            status = self._run(each, folder, working, environment)
            if status:
                raise StepError(f"line {each.line} of the Containerfile: exit status {status}: RUN {each.text}")

    def _copy(self, each: Instruction, folder: Path) -> None:
        *sources, target = each.words
        origin = each.flag("from")
        root = self._context if origin is None else self.folder(origin)
        for source in sources:
            begin = root / source.lstrip("/")
            end = _inside(folder, target)
            if target.endswith("/") and not begin.is_dir():
                end = end / begin.name
            end.parent.mkdir(parents=True, exist_ok=True)
            if origin is not None:
                subprocess.run(["cp", "-a", "-T", begin, end], check=True)
            elif begin.is_dir():
                shutil.copytree(begin, end, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True)
            else:
                shutil.copyfile(begin, end)
            if origin is None:
                _own(end, each.flag("chmod"))

    def _run(self, each: Instruction, folder: Path, working: str, environment: Mapping[str, str]) -> int:
        """Returns the exit status."""
        variables = [f"{name}={value}" for name, value in environment.items()]
        caches = [f"{self._work.parent / 'caches' / mount['id']}:{mount['target']}" for mount in each.mounts("cache")]
        inside = f"cd {working} && {each.text}"
        done = subprocess.run(
            [*_UNSHARED, "sh", "-c", _RUN, "sh", _PATH, *variables, "/bin/sh", "-c", inside],
            check=False,
            env={**os.environ, "ROOT": str(folder), "SECRETS": str(self._secrets), "CACHES": " ".join(caches)},
        )
        return done.returncode


def _environment(stage: Stage) -> dict[str, str]:
    return {
        name: value for each in stage.instructions if each.keyword == "ENV" for name, value in each.assignments.items()
    }


def _working(stage: Stage, begin: str, count: int | None = None) -> str:
    """The folder that a command works in, after all of a stage's instructions or the first `count`."""
    changes = [each.text for each in stage.instructions[:count] if each.keyword == "WORKDIR"]
    return [begin, *changes][-1]


def _inside(folder: Path, path: str) -> Path:
    return folder / path.lstrip("/")


def _own(path: Path, mode: str | None) -> None:
    """As a container engine: owned by root, and readable by all."""
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        if os.geteuid() == 0:
            os.chown(each, 0, 0, follow_symlinks=False)
        executable = each.is_dir() or bool(each.stat().st_mode & 0o100)
        each.chmod(int(mode, 8) if mode else 0o755 if executable else 0o644)


def _add(update: Callable[[bytes], None], path: Path) -> None:
    for each in [path] if path.is_file() else sorted(_files(path)):
        update(str(each.relative_to(path.parent)).encode() + b"\0")
        update(hashlib.sha256(each.read_bytes()).digest())


def _files(folder: Path) -> Iterator[Path]:
    for each in folder.iterdir():
        if any(fnmatch(each.name, pattern) for pattern in LEFT_OUT):
            continue
        if each.is_dir():
            yield from _files(each)
        else:
            yield each

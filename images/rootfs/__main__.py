"""sh images/rootfs.sh IMAGE [FOLDER]: the root file system of an image, made without a container engine."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from images.rootfs import debian
from images.rootfs.containerfile import ContainerfileError, stages
from images.rootfs.debian import BaseError, make_base
from images.rootfs.secrets import write_secrets
from images.rootfs.stages import StageBuilder, StepError

IMAGES = ("spark", "features")


def main() -> int:
    """Exit status 0: the folder is up to date; 1: it could not be made; 2: bad usage."""
    parser = argparse.ArgumentParser(
        prog="sh images/rootfs.sh",
        description="Makes the root file system of an image in a folder, with the steps of its Containerfile.",
        epilog="Example: sh images/rootfs.sh spark lakes/rootfs/spark",
    )
    parser.add_argument("image", choices=IMAGES)
    parser.add_argument("folder", nargs="?", type=Path, help="default: lakes/rootfs/IMAGE")
    parser.add_argument("--work", type=Path, help="keeps the stages, 5 GB; default: .stages beside the folder")
    parser.add_argument("--fresh", action="store_true", help="make all stages anew, with the Debian packages of today")
    arguments = parser.parse_args()
    folder = (arguments.folder or Path("lakes/rootfs") / arguments.image).absolute()
    work = (arguments.work or folder.with_name(".stages")).absolute() / arguments.image
    if arguments.fresh:
        shutil.rmtree(work, ignore_errors=True)
    try:
        build(arguments.image, folder, work)
    except (BaseError, ContainerfileError, StepError, subprocess.CalledProcessError) as error:
        print(f"rootfs: error: {error}", file=sys.stderr)
        return 1
    return 0


def build(image: str, folder: Path, work: Path) -> None:
    """Makes what is not up to date, then replaces the folder."""
    context = Path(__file__).resolve().parents[2]
    content = (context / "images" / image / "Containerfile").read_text()
    all_stages = stages(content)
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tokenlake-secrets-") as secrets:
        write_secrets(Path(secrets), os.environ)
        builder = StageBuilder(context, work, Path(secrets), make_base, Path(debian.__file__).read_text(), _report)
        inputs = builder.build(all_stages)
    note = folder.with_name(f".{folder.name}.inputs")
    if folder.is_dir() and note.is_file() and note.read_text() == inputs:
        _report(f"{folder} is up to date")
        return
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", builder.folder(all_stages[-1].name), part], check=True)
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    note.write_text(inputs)
    _report(f"{folder} is made")


def _report(what: str) -> None:
    print(f"rootfs: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

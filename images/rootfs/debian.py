"""Stands in for the base image: Debian's smallest system from its packages, as debian:SUITE-slim holds it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"

_SOURCES = """\
Types: deb
URIs: http://deb.debian.org/debian
Suites: {suite} {suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: {suite}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
# What the slim images of Debian leave out, now and of packages that are installed later.
_LEFT_OUT = ("/usr/share/doc", "/usr/share/man", "/usr/share/info", "/usr/share/locale", "/usr/share/lintian")
_KEPT = ("/usr/share/doc/*/copyright", "/usr/share/locale/locale.alias")


class BaseError(RuntimeError):
    """No root file system can be made for a base image; the message says what is missing."""


def make_base(image: str, folder: Path) -> None:
    """Makes the root file system of `…debian:SUITE-slim…` with debootstrap.

    Raises:
        BaseError: it is another image, or this is not possible here.
    """
    suite = re.search(r"\bdebian:([a-z]+)-slim", image)
    if not suite:
        raise BaseError(f"{image}: only debian:SUITE-slim can be made without a container engine")
    if os.geteuid() != 0:
        raise BaseError("a root file system can be made only by root")
    if not shutil.which("debootstrap"):
        raise BaseError("debootstrap is missing: apt-get install -y --no-install-recommends debootstrap")
    mirror = os.environ.get("DEBIAN_MIRROR", MIRROR)
    subprocess.run(
        ["debootstrap", "--variant=minbase", suite[1], folder, mirror], check=True, stdout=subprocess.DEVNULL
    )
    _slim(folder, suite[1])


def _slim(folder: Path, suite: str) -> None:
    rules = [f"path-exclude {path}/*" for path in _LEFT_OUT] + [f"path-include {path}" for path in _KEPT]
    (folder / "etc/dpkg/dpkg.cfg.d/slim").write_text("\n".join(["force-unsafe-io", *rules]) + "\n")
    (folder / "etc/apt/sources.list").unlink(missing_ok=True)
    (folder / "etc/apt/sources.list.d/debian.sources").write_text(_SOURCES.format(suite=suite))
    for name in ("etc/hostname", "etc/resolv.conf"):  # of this machine
        (folder / name).write_text("")
    (folder / "etc/hosts").write_text("127.0.0.1 localhost\n")
    for path in _LEFT_OUT:
        for file in sorted((folder / path.lstrip("/")).rglob("*"), reverse=True):
            if file.is_dir() and not file.is_symlink():
                if not any(file.iterdir()):
                    file.rmdir()
            elif not any(file.match(f"*{kept}") for kept in _KEPT):
                file.unlink()

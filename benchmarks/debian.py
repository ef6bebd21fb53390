"""HTML pages of Debian documentation packages: where the benchmarks' corpus comes from.

Downloads go through apt as it is set up on this machine; nothing here names a host.
"""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HTML_SUFFIXES = (".html", ".htm", ".xhtml")

# Language of the pages -> packages; alternatives of different releases are separated by `|`.
PACKAGES = {
    "en": (
        "libreoffice-help-en-us",
        "openjdk-17-doc|openjdk-21-doc|openjdk-25-doc",
        "qtbase5-doc-html|qt6-base-doc-html",
        "postgresql-doc-15|postgresql-doc-17|postgresql-doc-16|postgresql-doc-14",
        "python3.11-doc|python3.13-doc|python3.12-doc|python3.10-doc",
        "python-django-doc",
        "sqlite3-doc",
        "libgtk-3-doc",
        "git-doc",
        "aptitude-doc-en",
    ),
    "de": ("libreoffice-help-de", "lilypond-doc-html-de"),
    "fr": ("libreoffice-help-fr", "lilypond-doc-html-fr", "aptitude-doc-fr"),
    "es": ("libreoffice-help-es", "lilypond-doc-html-es", "aptitude-doc-es"),
    "it": ("libreoffice-help-it", "aptitude-doc-it"),
    "ja": ("libreoffice-help-ja", "aptitude-doc-ja"),
    "ru": ("libreoffice-help-ru", "aptitude-doc-ru"),
    "nl": ("libreoffice-help-nl", "aptitude-doc-nl"),
    "pl": ("libreoffice-help-pl",),
    "pt": ("libreoffice-help-pt-br",),
    "cs": ("libreoffice-help-cs",),
    "zh": ("libreoffice-help-zh-cn", "lilypond-doc-html-zh"),
}


@dataclass(frozen=True)
class Package:
    """A package that apt would install: its name, its version and the language its pages are written in."""

    name: str
    version: str
    language: str


@dataclass(frozen=True)
class Page:
    """One HTML file of a package; `path` is the one inside the package, `file` where it lies now."""

    package: str
    language: str
    path: str
    file: Path


def packages() -> list[Package]:
    """What this machine's release has of `PACKAGES`.

    Raises:
        RuntimeError: apt knows none of them; its message says what to run.
    """
    found = []
    for language, wanted in PACKAGES.items():
        for alternatives in wanted:
            candidates = ((name, _candidate(name)) for name in alternatives.split("|"))
            name, version = next(((name, version) for name, version in candidates if version), ("", ""))
            if name:
                found.append(Package(name, version, language))
    if not found:
        raise RuntimeError("apt knows none of the documentation packages; run `apt-get update` as root first")
    return found


def _candidate(name: str) -> str:
    """The version that apt would install, "" when it knows no such package."""
    shown = subprocess.run(["apt-cache", "policy", name], capture_output=True, text=True, check=True).stdout
    lines = (line.split() for line in shown.splitlines())
    version = next((line[1] for line in lines if line[0] == "Candidate:"), "")
    return "" if version == "(none)" else version


def unpack(package: Package, cache: Path) -> Path:
    """The folder with the package's HTML files; downloads and unpacks when it is not there.

    Raises:
        RuntimeError: apt cannot download it; the message ends with what apt says.
    """
    folder = cache / "pages" / _stem(package)
    if not folder.exists():
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        archive = _download(package, cache / "packages")
        tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE)
        with tar, tarfile.open(fileobj=tar.stdout, mode="r|") as files:
            files.extractall(partial, members=_html(files), filter="data")
        partial.rename(folder)
    return folder


def _download(package: Package, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"{package.name}={package.version}"
    finished = subprocess.run(["apt-get", "download", "-q", wanted], cwd=folder, capture_output=True, text=True)
    archives = list(folder.glob(f"{_stem(package)}_*.deb"))
    if finished.returncode or not archives:
        raise RuntimeError(f"apt cannot download {wanted}; try `apt-get update` as root: {finished.stderr.strip()}")
    return archives[0]


def _stem(package: Package) -> str:
    """How apt begins the name of the package's file."""
    return f"{package.name}_{package.version.replace(':', '%3a')}"


def _html(files: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in files:
        if member.isfile() and member.name.endswith(HTML_SUFFIXES):
            yield member


def pages(package: Package, folder: Path) -> Iterator[Page]:
    """The package's pages."""
    for file in folder.rglob("*"):
        if file.is_file():
            path = PurePosixPath(file.relative_to(folder)).as_posix()
            yield Page(package.name, package.language, path, file)

"""Pages and the text that is to be found in them, from WCXB or from a folder of pairs."""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Part = Literal["all", "fitted", "held-out"]

_LAYOUTS = """one of:
  DIR/dev/html/NAME.html.gz and DIR/dev/ground-truth/NAME.json (a checkout of WCXB; --split test: DIR/test)
  DIR/[TYPE/]NAME.html or NAME.html.gz, and NAME.txt beside it with the expected text"""


class NoPagesError(Exception):
    """There is nothing to measure with; the message says what was looked for."""


@dataclass(frozen=True)
class ExpectedPage:
    """A page, what is to be found in it, its type, and the site it is from."""

    name: str
    kind: str
    site: str
    file: Path
    expected: str

    @property
    def html(self) -> str:
        """The page, decoded as UTF-8."""
        data = self.file.read_bytes()
        return (gzip.decompress(data) if self.file.suffix == ".gz" else data).decode("utf-8", "replace")

    @property
    def is_fitted(self) -> bool:
        """Whether the page is in the half of sites that the weights of extractor `blocks` come from."""
        return int(hashlib.md5(self.site.encode(), usedforsecurity=False).hexdigest(), 16) % 2 == 0


def load(folder: Path, split: str = "dev", part: Part = "all") -> list[ExpectedPage]:
    """The pages of a folder, in order of their names.

    Raises:
        NoPagesError: the folder is missing, holds no pages in a layout that is known, or one that cannot be read.
    """
    if not folder.is_dir():
        raise NoPagesError(f"{folder} is no folder; make bench-extraction DIR=… needs {_LAYOUTS}")
    is_wcxb = (folder / split / "ground-truth").is_dir()
    pages = [page for page in (_wcxb(folder, split) if is_wcxb else _pairs(folder)) if _is_in(part, page)]
    if not pages:
        raise NoPagesError(f"{folder}: no pages found; expected is {_LAYOUTS}")
    return pages


def _is_in(part: Part, page: ExpectedPage) -> bool:
    return part == "all" or page.is_fitted == (part == "fitted")


def _wcxb(folder: Path, split: str) -> Iterator[ExpectedPage]:
    sites = _checked(
        folder / "metadata.json", lambda content: {name: page["domain"] for name, page in content["files"].items()}
    )
    for truth in sorted((folder / split / "ground-truth").glob("*.json")):
        file = folder / split / "html" / f"{truth.stem}.html.gz"
        if not file.is_file():
            raise NoPagesError(f"{truth}: its page {file} is missing")
        expected, kind = _checked(
            truth, lambda content: (content["ground_truth"].get("main_content") or "", _kind(content))
        )
        yield ExpectedPage(truth.stem, kind, sites.get(truth.stem, ""), file, expected)


def _kind(content: dict[str, Any]) -> str:
    kind = ((content.get("_internal") or {}).get("page_type") or {}).get("primary", "article")
    return "collection" if kind == "category" else str(kind)  # as the benchmark's own script


def _checked(file: Path, read: Callable[[Any], Any]) -> Any:
    try:
        return read(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise NoPagesError(f"{file}: not as WCXB 1.0 has it ({type(error).__name__}: {error})") from error


def _pairs(folder: Path) -> Iterator[ExpectedPage]:
    for expected in sorted(folder.rglob("*.txt")):
        for suffix in (".html", ".html.gz"):
            file = expected.with_name(expected.stem + suffix)
            if file.is_file():
                relative = expected.relative_to(folder)
                kind = relative.parts[0] if len(relative.parts) > 1 else ""
                text = expected.read_text(encoding="utf-8", errors="replace")
                yield ExpectedPage(str(relative.with_suffix("")), kind, "", file, text)

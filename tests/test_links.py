"""Links between pages: each relative link leads to a file of the repository, and to a heading that is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

_CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_OUTSIDE = re.compile(r"[a-z]+:")
_FOLDERS = ("docs", "features", "k8s")


def pages() -> list[Path]:
    """The pages of the repository; what tools put beside them is left out."""
    below = (page for folder in _FOLDERS for page in (ROOT / folder).rglob("*.md"))
    return sorted([*ROOT.glob("*.md"), *below])


def links(text: str) -> list[str]:
    """The relative links of a page, those in code left out."""
    return [link for link in _LINK.findall(_CODE.sub("", text)) if not _OUTSIDE.match(link)]


def anchors(text: str) -> set[str]:
    """The headings of a page, as GitHub writes them into addresses."""
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    words = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in words}


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for link in links(page.read_text()):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target.read_text())):
            yield link


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    assert list(broken(page)) == []


def test_a_link_to_nothing_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing\n[a](absent.md) [b](#one-thing) [c](page.md#other) [d](https://e.org) `[e](code.md)`\n"
    )

    assert list(broken(page)) == ["absent.md", "page.md#other"]

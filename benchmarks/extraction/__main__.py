"""The extractors of main text on pages whose main text is known: how much they find, and how long they take.

    python -m benchmarks.extraction DIR [--split dev|test] [--part all|fitted|held-out] [--extractors NAME …]
                                    [--limit N] [--write]

DIR is a checkout of WCXB (Web Content Extraction Benchmark, https://webcontentextraction.org), or a folder of pairs
NAME.html, NAME.txt, in a folder for each type of page, if there are types. `held-out` leaves out the sites that the
weights of extractor `blocks` were fitted on. `--write` puts the tables into docs/benchmarks.md.
Exit status: 0 done; 1 there are no pages, or an extractor is not installed.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import get_args

from benchmarks import results
from benchmarks.extraction.measure import Measured, measure, table, table_of_kinds
from benchmarks.extraction.pages import NoPagesError, load
from benchmarks.process import REPOSITORY
from pipelines.extraction.extractors import INSTALL, ExtractionError, Extractor, main_text

PAGE = REPOSITORY / "docs" / "benchmarks.md"
PACKAGES = ("resiliparse", "rs-trafilatura", "trafilatura")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures the extractors one after the other and returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        pages = load(options.folder, options.split, options.part)[: options.limit]
    except NoPagesError as error:
        print(error, file=sys.stderr)
        return 1
    measured: list[Measured] = []
    for extractor in options.extractors or [name for name in get_args(Extractor) if _why_not(name) is None]:
        if (why := _why_not(extractor)) is not None:
            print(f"{extractor} does not start ({why}); to install it: {INSTALL[extractor]}", file=sys.stderr)
            return 1
        print(f"{extractor} on {len(pages):,} pages …", flush=True)
        measured.append(measure(extractor, pages))
    text = "\n\n".join(part for part in (table(measured), table_of_kinds(measured)) if part)
    print(f"\n{text}")
    if options.write:
        where = f"{len(pages):,} pages of `{options.folder.name}`, split {options.split}, part {options.part}"
        results.write(PAGE, "extractors", f"{where}; {_circumstances()}\n\n{text}")
    return 0


def _why_not(extractor: Extractor) -> str | None:
    """Why an extractor cannot be used here; None if it can."""
    try:
        main_text("<p>Import everything.</p>", extractor)
    except ExtractionError as error:
        return str(error)
    return None


def _circumstances() -> str:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"{results.circumstances()}; {', '.join(found)}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description="Extractors compared.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--split", default="dev", choices=["dev", "test"], help="of WCXB")
    parser.add_argument("--part", default="all", choices=["all", "fitted", "held-out"], help="of the sites")
    parser.add_argument("--extractors", nargs="+", choices=get_args(Extractor), metavar="NAME")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first pages")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(REPOSITORY)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())

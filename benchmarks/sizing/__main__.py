"""How large a cluster a corpus needs, from runs of the real pipeline here.

    python -m benchmarks.sizing --size 2TB --hours 8 --price 0.04     a plan, from the figures in the repository
    python -m benchmarks.sizing --check                               does the model predict the largest runs?
    python -m benchmarks.sizing --input DIR --to mine.json            measures your own corpus, eight files at least
    python -m benchmarks.sizing --figures mine.json --size 2TB        a plan from these figures
    python -m benchmarks.sizing --measure                             measures the benchmarks' corpus again
    python -m benchmarks.sizing --write                               puts the tables into docs/operations/sizing.md

Exit status: 0 done; 1 the model is off by more than its tolerance, or a measured command failed; 2 misuse.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.corpus import cache_folder, make
from benchmarks.process import FailedError
from benchmarks.setting import Setting, tokenizer
from benchmarks.sizing import figures, page
from benchmarks.sizing.campaign import campaign
from benchmarks.sizing.check import predictions
from benchmarks.sizing.measure import ENGINES, Workload, own, pages, texts
from benchmarks.sizing.model import Assumptions

_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_PROFILE = "full"


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the options say and returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.measure or options.input:
            _measure(options)
        measured = figures.load(options.figures)
    except FailedError as error:
        print(f"sizing: {error}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError) as error:
        parser.error(str(error))  # exits with 2
    assumed = Assumptions(efficiency=options.efficiency, price=options.price)
    if options.write:
        page.write(measured, assumed)
    if options.size:
        print(page.one_plan(measured, options.workload, options.size, options.hours, assumed))
    return _check(measured) if options.check else 0


def _measure(options: argparse.Namespace) -> None:
    options.figures = options.to or options.figures
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    campaign(_workloads(options, work), options.engines, options.cores, work, options.figures)


def _workloads(options: argparse.Namespace, work: Path) -> list[Workload]:
    if options.input:
        given = yaml.safe_load(options.config.read_text()) if options.config else {}
        return [own(options.input.resolve(), {key: given[key] for key in given if key not in ("lake", "sources")})]
    corpus = make(_PROFILE, cache_folder())
    setting = Setting(_PROFILE, cache_folder(), work, options.cores, tuple(options.engines), ())
    found = {each.name: each for each in (pages(corpus, tokenizer(setting), work), texts(corpus, tokenizer(setting)))}
    return [found[name] for name in options.workloads]


def _check(measured: dict) -> int:
    found = predictions(measured)
    for each in found:
        sign = " " if each.holds else "!"
        print(
            f"{sign} {each.workload:<6} {each.engine:<6} {each.what:<42} {each.error:+7.1%}  (≤ {each.tolerance:.0%})"
        )
    wrong = [each for each in found if not each.holds]
    print(f"{len(found)} predictions, {len(wrong)} off by more than their tolerance")
    return 1 if wrong or not found else 0


def _size(text: str) -> float:
    found = re.fullmatch(r"([0-9.]+) ?(MB|GB|TB)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 500GB or 2.5TB")
    return float(found[1]) * _UNITS[found[2]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sizing",
        description=(__doc__ or "").strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--figures", type=Path, default=figures.MEASURED, help="file of measured figures")
    parser.add_argument("--size", type=_size, metavar="SIZE", help="of the input files: 500GB, 2.5TB")
    parser.add_argument("--hours", type=float, default=8.0, help="that the whole run may take (8)")
    parser.add_argument(
        "--price", type=float, default=Assumptions.price, help="of a core for an hour, with its memory"
    )
    parser.add_argument(
        "--efficiency", type=float, default=Assumptions.efficiency, help="share of core time that works"
    )
    parser.add_argument("--workload", default="pages", help="pages, texts or own: whose figures a plan takes (pages)")
    parser.add_argument("--check", action="store_true", help="compare predictions with the largest runs")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/operations/sizing.md")
    parser.add_argument("--measure", action="store_true", help="measure what the file of figures lacks")
    parser.add_argument("--input", type=Path, metavar="DIR", help="measure these files instead")
    parser.add_argument("--config", type=Path, metavar="FILE", help="how to run them; sources and lake are ignored")
    parser.add_argument("--to", type=Path, metavar="FILE", help="where measured figures go")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=["spark"])
    parser.add_argument("--workloads", nargs="+", choices=("pages", "texts"), default=["pages", "texts"])
    parser.add_argument("--cores", type=int, default=min(2, len(os.sched_getaffinity(0))))
    parser.add_argument("--work", type=Path, default=cache_folder() / "work" / "sizing", help="folder for lakes")
    return parser


if __name__ == "__main__":
    sys.exit(main())

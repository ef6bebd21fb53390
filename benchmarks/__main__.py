"""Side-by-side runs against peers: one command, a table out.

    python -m benchmarks [--profile trial|quick|full] [--only NAME …] [--list] [--write] [--to FOLDER]

Each benchmark prints its table when it is done; all are kept in FOLDER/results/<profile>.json, and `--write` puts them
into docs/benchmarks.md. `trial` only shows that everything works. Exit status: 0 done, whether goals are met or not;
1 a benchmark failed.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import results
from benchmarks.corpus import DOCUMENTS, cache_folder, make
from benchmarks.process import REPOSITORY, FailedError
from benchmarks.setting import Setting
from benchmarks.suite.chain import chain, growth
from benchmarks.suite.extraction import extraction
from benchmarks.suite.fixed_cost import fixed_cost
from benchmarks.suite.minhash import minhash
from benchmarks.suite.rules import rules_kernel, rules_stage
from benchmarks.suite.tokenize import tokenize

Benchmark = Callable[[Setting], tuple[list[results.Row], dict[str, str]]]

BENCHMARKS: dict[str, Benchmark] = {
    function.__name__: function
    for function in (extraction, rules_kernel, rules_stage, minhash, tokenize, chain, growth, fixed_cost)
}
PAGE = REPOSITORY / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmarks one after the other and returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.list:
        for name, function in BENCHMARKS.items():
            print(f"{name:<14}{(function.__doc__ or '').strip().splitlines()[0]}")
        return 0
    corpus = make(options.profile, options.to)
    work = options.to / "work" / options.profile
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    setting = Setting(options.profile, corpus, options.to, work, options.cores)
    failed = [name for name in options.only or BENCHMARKS if not _run(name, setting, options.to)]
    shutil.rmtree(work, ignore_errors=True)
    if options.write:
        found = {outcome.name: outcome for outcome in results.load(_kept(options.to, options.profile))}
        ordered = [found[name].markdown() for name in BENCHMARKS if name in found]
        results.write(PAGE, options.profile, "\n\n".join(ordered))
    return 1 if failed else 0


def _run(name: str, setting: Setting, cache: Path) -> bool:
    """One benchmark: printed and kept. False when it failed."""
    function = BENCHMARKS[name]
    print(f"{name} …", flush=True)
    started = time.perf_counter()
    try:
        rows, versions = function(setting)
    except (FailedError, RuntimeError) as error:
        print(f"{name} failed: {error}", file=sys.stderr, flush=True)
        return False
    outcome = results.outcome(name, function, rows, versions, round(time.perf_counter() - started, 1))
    results.save(cache / "results", setting.profile, [outcome])
    print(f"\n{outcome.markdown()}\n\n{name}: {outcome.seconds} s\n", flush=True)
    return True


def _kept(cache: Path, profile: str) -> Path:
    return cache / "results" / f"{profile}.json"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Side-by-side runs against peers.")
    parser.add_argument("--profile", choices=list(DOCUMENTS), default="quick")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), metavar="NAME")
    parser.add_argument("--list", action="store_true", help="what there is to run")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(REPOSITORY)}")
    parser.add_argument("--to", type=Path, default=cache_folder(), metavar="FOLDER", help="corpus, peers and results")
    parser.add_argument("--cores", type=int, default=min(2, len(os.sched_getaffinity(0))))
    return parser


if __name__ == "__main__":
    sys.exit(main())

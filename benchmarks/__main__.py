"""Side-by-side runs against peers: one command, tables out.

    python -m benchmarks [--profile trial|quick|full] [--engines sail spark] [--sizes N …] [--only NAME …] [--list]
                         [--write] [--to FOLDER]

Each benchmark prints its tables when it is done; all are kept in FOLDER/results/<profile>.json, and `--write` puts
them into docs/benchmarks.md. The goals are printed last. `trial` only shows that everything works. Exit status: 0
done, whether goals are met or not; 1 a benchmark failed.
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
from benchmarks.lakes import ENGINES
from benchmarks.process import REPOSITORY, FailedError
from benchmarks.setting import SIZES, Setting, corpus_of
from benchmarks.suite.chain import chain, whole_run
from benchmarks.suite.encoders import encoders
from benchmarks.suite.extraction import extraction
from benchmarks.suite.increment import increment
from benchmarks.suite.languages import languages
from benchmarks.suite.minhash import minhash
from benchmarks.suite.rules import rules_kernel, rules_stage
from benchmarks.suite.small import small
from benchmarks.suite.tokenize import tokenize

Benchmark = Callable[[Setting], results.Found]

BENCHMARKS: dict[str, Benchmark] = {
    function.__name__: function
    for function in (
        small,
        increment,
        chain,
        rules_stage,
        minhash,
        tokenize,
        encoders,
        languages,
        extraction,
        rules_kernel,
    )
}
WHOLE = ("small", "increment", "chain", "rules_stage", "minhash", "tokenize")  # commands of ours, on each engine
QUICK = ("small", "increment", "chain", "rules_stage", "minhash", "encoders", "languages")
PAGE = REPOSITORY / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmarks one after the other and returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.list:
        for name, function in BENCHMARKS.items():
            print(f"{name:<14}{(function.__doc__ or '').strip().splitlines()[0]}")
        return 0
    options.to = options.to.resolve()  # paths in a configuration start from its folder
    work = options.to / "work" / options.profile
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    sizes = tuple(sorted(options.sizes or SIZES[options.profile]))
    for profile in {options.profile, *(corpus_of(size)[0] for size in sizes)}:
        make(profile, options.to)
    setting = Setting(options.profile, options.to, work, options.cores, tuple(options.engines), sizes)
    chosen = options.only or (QUICK if options.profile == "quick" else BENCHMARKS)
    if set(chosen) & set(WHOLE):
        _warm(setting)
    failed = [name for name in chosen if not _run(name, setting, options.to)]
    shutil.rmtree(work, ignore_errors=True)
    kept = options.to / "results" / f"{options.profile}.json"
    found = {outcome.name: outcome for outcome in results.load(kept)} if kept.exists() else {}
    ordered = [found[name] for name in BENCHMARKS if name in found]
    goals = results.goals_table(ordered)
    print(goals)
    if options.write:
        text = [f"### Goals\n\n{goals}"] if goals else []
        results.write(PAGE, options.profile, "\n\n".join([*text, *(outcome.markdown() for outcome in ordered)]))
    return 1 if failed else 0


def _warm(setting: Setting) -> None:
    """One unmeasured run on each engine: what is compiled or written at first use and kept is not measured."""
    for engine in setting.engines:
        print(f"a first run on {engine}, not measured …", flush=True)
        whole_run(setting, setting.sizes[0], engine)


def _run(name: str, setting: Setting, cache: Path) -> bool:
    """One benchmark: printed and kept. False when it failed."""
    function = BENCHMARKS[name]
    print(f"{name} …", flush=True)
    started = time.perf_counter()
    try:
        found = function(setting)
    except (FailedError, RuntimeError) as error:
        print(f"{name} failed: {error}", file=sys.stderr, flush=True)
        return False
    outcome = results.outcome(name, function, found, round(time.perf_counter() - started, 1))
    results.save(cache / "results", setting.profile, [outcome])
    print(f"\n{outcome.markdown()}\n\n{name}: {outcome.seconds} s\n", flush=True)
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Side-by-side runs against peers.")
    parser.add_argument("--profile", choices=list(DOCUMENTS), default="quick")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), metavar="NAME")
    parser.add_argument(
        "--engines",
        nargs="+",
        choices=ENGINES,
        default=["sail", "spark"],
        help="ours on each of these, the first prepares lakes and is what ratios are of; default: no --engine",
    )
    parser.add_argument("--sizes", nargs="+", type=int, metavar="PAGES", help="instead of the profile's")
    parser.add_argument("--list", action="store_true", help="what there is to run")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(REPOSITORY)}")
    parser.add_argument("--to", type=Path, default=cache_folder(), metavar="FOLDER", help="corpus, peers and results")
    parser.add_argument("--cores", type=int, default=min(2, len(os.sched_getaffinity(0))))
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""The benchmarks of the feature service, one after the other.

    python -m benchmarks.features [--only NAME …] [--write]

Each runs in a process of its own and prints its tables; `--write` puts them into docs/benchmarks.md. Exit status 1 if
one failed, or if values differ between ours and a peer.
"""

import argparse
import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import results
from benchmarks.process import REPOSITORY

BENCHMARKS = ("online", "server", "materialization", "point_in_time")
PAGE = REPOSITORY / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmarks and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description="Features beside Feast.")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=BENCHMARKS, metavar="NAME")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(REPOSITORY)}")
    options = parser.parse_args(arguments)
    texts, failed = [], []
    for name in options.only:
        print(f"{name} …", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.features.{name}"], stdout=subprocess.PIPE, text=True, check=False
        )
        print(done.stdout, flush=True)
        texts.append(f"{_title(name)}{done.stdout.strip()}")
        if done.returncode:
            failed.append(name)
    if options.write and not failed:
        results.write(PAGE, "features", "\n\n".join(texts))
    if failed:
        print(f"failed, or values differ: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _title(name: str) -> str:
    """Heading and description of a benchmark, from its docstring; empty where it prints its own."""
    if name == "point_in_time":
        return ""
    text = ast.get_docstring(ast.parse(Path(__file__).with_name(f"{name}.py").read_text())) or ""
    first, _, rest = text.partition("\n\n")
    described = rest.partition("\n\n")[2]  # after the command
    return f"### {name}\n\n{first}\n\n{described}\n\n"


if __name__ == "__main__":
    sys.exit(main())

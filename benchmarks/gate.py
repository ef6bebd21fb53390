"""The regression gate: every kernel against its reference implementation, as ratios of CPU time.

    python -m benchmarks.gate

No network, no JVM, no other environment; under two minutes. Exit status 1, with kernel, ratio and floor, when the
median ratio of a kernel is under its floor (benchmarks/floors.yaml), or its result is not the reference's.
"""

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from benchmarks.kernels import KERNELS, Kernel, texts

FLOORS = Path(__file__).with_name("floors.yaml")
REPETITIONS = 5
DOCUMENTS = 300  # of a repetition; each has its own, so that nothing is remembered from the one before


class DifferentError(AssertionError):
    """A kernel's result is not its reference's."""


def ratios(kernel: Kernel, documents: list[str], folder: Path, repetitions: int = REPETITIONS) -> list[float]:
    """How many times faster the kernel is than its reference, for each repetition; the two take turns.

    Raises:
        DifferentError: the results differ; the message names the kernel and the first document that shows it.
    """
    size = len(documents) // (repetitions + 1)
    slices = [kernel.prepare(documents[n * size : (n + 1) * size], folder) for n in range(repetitions + 1)]
    found = []
    for number, prepared in enumerate(slices):
        seconds, result = _timed(kernel.ours, prepared)
        reference_seconds, expected = _timed(kernel.reference, prepared)
        if result != expected:
            row = next((n for n, pair in enumerate(zip(result, expected, strict=False)) if pair[0] != pair[1]), -1)
            raise DifferentError(f"kernel {kernel.name}: document {row} of slice {number} is not the reference's")
        found.append(reference_seconds / seconds)
    return found[1:]  # the first loads kernels and models


def _timed(function: Callable[[Any], Any], argument: Any) -> tuple[float, Any]:
    started = time.process_time()
    result = function(argument)
    return max(time.process_time() - started, 1e-6), result


def problems(measured: Mapping[str, float], floors: Mapping[str, float]) -> Iterable[str]:
    """A sentence for each kernel under its floor, or without one."""
    for name, ratio in measured.items():
        if name not in floors:
            yield f"kernel {name}: no floor in {FLOORS}; measured {ratio:.2f}×, add about half of that"
        elif ratio < floors[name]:
            yield (
                f"kernel {name}: {ratio:.2f}× its reference implementation, floor {floors[name]:g}×; "
                f"something made it slower. If that is meant, change {FLOORS.name} and say why"
            )


def main() -> int:
    """Measures every kernel and returns the exit status."""
    started = time.perf_counter()
    floors = yaml.safe_load(FLOORS.read_text()) or {}
    documents = texts(DOCUMENTS * (REPETITIONS + 1))
    measured = {}
    with TemporaryDirectory() as folder:
        for kernel in KERNELS:
            found = ratios(kernel, documents, Path(folder))
            measured[kernel.name] = median(found)
            spread = f"{min(found):.2f} to {max(found):.2f}"
            floor = floors.get(kernel.name)
            print(f"{kernel.name:<12}{measured[kernel.name]:8.2f}×   ({spread}; floor {floor})", flush=True)
    found_problems = list(problems(measured, floors))
    for problem in found_problems:
        print(f"gate: {problem}", file=sys.stderr)
    print(f"{time.perf_counter() - started:.0f} s")
    return 1 if found_problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""The feed into a compiled training step of a GPT, on one GPU, in under five minutes: `make gpu-check`.

It needs torch (2.11 or newer), numpy and the file that `python -m training.feed_check.bundle` writes; no network. On a
machine without a GPU it does the same on the processor with small sizes, and says so. Exit status 1: a check failed.
"""

import argparse
import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import torch

from training.feed.torch_batches import FeedLoader, torch_batch
from training.feed_check.bundle import DEFAULT_PATH, Bundle, is_as_the_table_gave, open_bundle_feed, read_bundle
from training.feed_check.gpt import GPT, Size, block_mask, dense_mask
from training.feed_check.one_line import errors_in_one_line
from training.feed_check.packing import MaskOf, is_independent, packed_and_alone
from training.feed_check.speed import TrainingStep, copy_rates, on_device, step_speed

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
MASKS: dict[str, MaskOf] = {"sdpa": dense_mask, "flex_attention": block_mask}
_LOGITS = 1e-4  # by how much logits in float32 may differ, of the largest one
_LOSS = 1e-5
_RESUMED_STEPS = 6
_GPT_124M = Size(vocabulary=50_304, width=768, heads=12, blocks=12)


@dataclass(frozen=True)
class Sizes:
    """What runs on a device."""

    speed: Size
    batch: int  # rows of a step
    steps: int  # of a round
    rounds: int
    small: Size  # of the model whose numbers are compared


@dataclass(frozen=True)
class Line:
    """One line of the table; `holds` is None for a figure that is no check."""

    what: str
    found: str
    holds: bool | None = None


def sizes_of(device: torch.device) -> Sizes:
    """Sizes for the memory of a GPU; small ones for a processor."""
    if device.type != "cuda":
        small = Size(vocabulary=8_192, width=64, heads=2, blocks=2)
        return Sizes(small, batch=4, steps=4, rounds=2, small=small)
    gigabytes = torch.cuda.get_device_properties(device).total_memory / 1e9
    batch = next(rows for least, rows in ((60, 64), (20, 16), (0, 4)) if gigabytes >= least)
    return Sizes(_GPT_124M, batch, steps=30, rounds=3, small=Size(vocabulary=8_192, width=256, heads=4, blocks=2))


def lines(bundle: Bundle, device: torch.device, compiled: bool) -> Iterator[Line]:
    """Everything that is checked and measured, one after another."""
    sizes = sizes_of(device)
    vocabulary = -(-bundle.vocabulary // 64) * 64
    if vocabulary > sizes.small.vocabulary:
        sizes = replace(sizes, small=replace(sizes.small, vocabulary=vocabulary))
        sizes = replace(sizes, speed=replace(sizes.speed, vocabulary=max(vocabulary, sizes.speed.vocabulary)))
    same = is_as_the_table_gave(bundle)
    yield Line("batches and state equal those of the Delta table", "yes" if same else "no", same)
    yield from _packing(bundle, device, sizes, compiled)
    yield from _resume(bundle, device, sizes, compiled)
    yield from _copies(device)
    yield from _speed(bundle, device, sizes, compiled)


def _packing(bundle: Bundle, device: torch.device, sizes: Sizes, compiled: bool) -> Iterator[Line]:
    first = islice(open_bundle_feed(bundle, 4), 40)
    batch = torch_batch(max(first, key=lambda each: len(each.doc_lengths))).to(device)
    torch.manual_seed(0)
    model = GPT(sizes.small).to(device)
    for name, mask_of in MASKS.items():
        for how, packed in (("", model), (", model compiled", torch.compile(model)))[: 1 + compiled]:
            found = packed_and_alone(model, batch, mask_of, packed)
            scale = f"(largest {found.scale:.2f}, goal {_LOGITS:.0e} of it)"
            yield Line(
                f"packed - unpacked, {name}{how}, float32: logits {scale}, mean loss",
                f"{found.logits:.1e}, {found.loss:.1e} of it",
                found.logits <= _LOGITS * max(1.0, found.scale) and found.loss <= _LOSS,
            )
        kinds = {"float32": model, "bfloat16": GPT(sizes.small).to(device, torch.bfloat16)}
        for kind, of_kind in kinds.items():
            holds = is_independent(of_kind, batch, mask_of)
            yield Line(
                f"document 1 changed, {name}, {kind}: bits of all other logits", "equal" if holds else "differ", holds
            )


def _resume(bundle: Bundle, device: torch.device, sizes: Sizes, compiled: bool) -> Iterator[Line]:
    """Losses of a run, and of one that stops half-way and goes on with other workers."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        attention = "flex_attention" if device.type == "cuda" else "sdpa"
        step = TrainingStep(sizes.small, device, attention, compiled)
        begun, half = step.saved(), _RESUMED_STEPS // 2

        def losses(loader: FeedLoader, count: int) -> list[str]:
            return [float(step(batch)).hex() for batch in islice(on_device(loader, device), count)]

        whole = losses(FeedLoader(open_bundle_feed(bundle, 4)), _RESUMED_STEPS)
        step.restore(begun)
        loader = FeedLoader(open_bundle_feed(bundle, 4), workers=1)
        resumed = losses(loader, half)
        saved, state = step.saved(), loader.state_dict()
        step.restore(saved)
        resumed += losses(FeedLoader(open_bundle_feed(bundle, 4, state)), _RESUMED_STEPS - half)
    finally:
        torch.use_deterministic_algorithms(False)
    holds = whole == resumed
    what = f"resume after {half} of {_RESUMED_STEPS} steps, {attention}, 1 worker and then none: bits of the losses"
    yield Line(what, "equal" if holds else "differ", holds)


def _copies(device: torch.device) -> Iterator[Line]:
    if device.type != "cuda":
        yield Line("copies to the GPU", "not measured: there is no GPU")
        return
    for name, rate in copy_rates(device).items():
        yield Line(f"copies to the GPU, {name} memory", f"{rate:.1f} GB/s")


def _speed(bundle: Bundle, device: torch.device, sizes: Sizes, compiled: bool) -> Iterator[Line]:
    ids = sizes.batch * bundle.format.length
    for name in MASKS if device.type == "cuda" else ("sdpa",):  # flex_attention has no backward on a processor
        step = TrainingStep(sizes.speed, device, name, compiled)
        parameters = sum(each.numel() for each in step.model.parameters())
        loader = FeedLoader(open_bundle_feed(bundle, sizes.batch), pin_memory=device.type == "cuda")
        found = step_speed(step, loader, sizes.steps, sizes.rounds)
        kind = f"{parameters / 1e6:.1f} M parameters, {sizes.batch} rows of {bundle.format.length}, {name}"
        kind += ", compiled" if compiled else ", not compiled"
        yield Line(f"step, {kind}: one constant batch", f"{ids / found.with_constant:,.0f} ids/s")
        yield Line(f"step, {kind}: the feed", f"{ids / found.with_feed:,.0f} ids/s")
        yield Line(
            f"step, {name}: share of the time in which it waits for the feed",
            f"{100 * found.waited:.2f} %",
            found.waited < 0.01 if device.type == "cuda" else None,
        )


def card_of(device: torch.device) -> str:
    """What the figures were measured on."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}"
    info = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return f"no GPU: {torch.get_num_threads()} cores of {model[1] if model else platform.machine()}, small sizes"


def table(found: list[Line], device: torch.device, seconds: float) -> str:
    """The lines as Markdown."""
    holds = {True: "yes", False: "**no**", None: ""}
    rows = "\n".join(f"| {line.what} | {line.found} | {holds[line.holds]} |" for line in found)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    return (
        f"| {card_of(device)} | found | holds |\n| --- | ---: | --- |\n{rows}\n\n"
        f"{today}, torch {torch.__version__}, {seconds:.0f} s for all\n"
    )


def write(text: str, kind: str, page: Path = PAGE) -> None:
    """Puts a table between the markers of its kind of device, `cpu` or `cuda`."""
    begin, end = (f"<!-- gpu check, {kind}: {which} -->" for which in ("begin", "end"))
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n\n{text}\n{end}{after}")


def main() -> None:
    """Reads the command line, checks, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m training.feed_check.gpu_check")
    parser.add_argument("--rows", type=Path, default=DEFAULT_PATH, help="file of training.feed_check.bundle")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--no-compile", action="store_true", help="leave out torch.compile, which needs a C++ compiler"
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    given = parser.parse_args()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # the resumed run must add in the same order
    begun, device, found = time.perf_counter(), torch.device(given.device), []
    if device.type != "cuda":
        print("There is no GPU: the same checks on the processor, with small sizes.", flush=True)
    for line in lines(read_bundle(given.rows), device, not given.no_compile):
        found.append(line)
        mark = {True: "ok", False: "FAILED", None: "  "}[line.holds]
        print(f"{time.perf_counter() - begun:6.1f} s  {mark:6} {line.what}: {line.found}", flush=True)
    text = table(found, device, time.perf_counter() - begun)
    print(f"\n{text}")
    if given.write:
        write(text, device.type)
    if any(line.holds is False for line in found):
        sys.exit("a check failed")


if __name__ == "__main__":
    with errors_in_one_line():
        main()

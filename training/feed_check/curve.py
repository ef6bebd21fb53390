"""Compares the losses of two trainings to the bit and draws them.

`python -m training.feed_check.curve FOLDER FOLDER`.
"""

import argparse
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from training.feed.errors import FeedError
from training.feed_check.one_line import errors_in_one_line

_COLUMNS = 60
_LINES = 12
_WIDTH, _HEIGHT, _MARGIN = 640, 320, 44
_COLORS = ("#0b6a8a", "#c9a227")


def losses_of(folder: Path) -> list[float]:
    """The losses that a training wrote, in order of steps.

    Raises:
        FeedError: there are none, or a step is missing or there twice.
    """
    path = folder / "losses.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    if not lines or [line["step"] for line in lines] != list(range(1, len(lines) + 1)):
        raise FeedError(f"{path}: does not hold the loss of every step once; run the training again")
    return [line["loss"] for line in lines]


def first_difference(one: Sequence[float], other: Sequence[float]) -> int | None:
    """The first step, from 1, whose losses differ in any bit, or that only one has; None: there is none."""
    for step, (left, right) in enumerate(zip(one, other, strict=False), start=1):
        if left.hex() != right.hex():
            return step
    return None if len(one) == len(other) else min(len(one), len(other)) + 1


def text_chart(losses: Sequence[float]) -> str:
    """Lines of text: steps to the right, losses up."""
    low, high = min(losses), max(losses)
    shown = [losses[min(len(losses) - 1, column * len(losses) // _COLUMNS)] for column in range(_COLUMNS)]
    height = [round((loss - low) / ((high - low) or 1) * (_LINES - 1)) for loss in shown]
    lines = []
    for line in range(_LINES - 1, -1, -1):
        value = low + (high - low) * line / (_LINES - 1)
        lines.append(f"  {value:6.2f} │" + "".join("•" if each == line else " " for each in height).rstrip())
    return "\n".join(
        [*lines, "         └" + "─" * _COLUMNS, f"          step 1{f'step {len(losses)}':>{_COLUMNS - 6}}"]
    )


def svg_chart(curves: Sequence[tuple[str, Sequence[float]]]) -> str:
    """An SVG of (name, losses) each; later curves are thinner, so that equal ones are both seen."""
    every = [loss for _, losses in curves for loss in losses]
    low, high, steps = min(every), max(every), max(len(losses) for _, losses in curves)
    inner = (_WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN)

    def point(number: int, loss: float) -> str:
        right = _MARGIN + inner[0] * number / max(1, steps - 1)
        return f"{right:.1f},{_MARGIN + inner[1] * (high - loss) / ((high - low) or 1):.1f}"

    bottom = _HEIGHT - _MARGIN
    parts = [
        f'<path d="M{_MARGIN},{_MARGIN}V{bottom}H{_WIDTH - _MARGIN}" fill="none" stroke="#888"/>',
        f'<text x="4" y="{_MARGIN + 4}">{high:.2f}</text><text x="4" y="{bottom + 4}">{low:.2f}</text>',
        f'<text x="{_MARGIN}" y="{bottom + 18}">step 1</text>',
        f'<text x="{_WIDTH - _MARGIN}" y="{bottom + 18}" text-anchor="end">step {steps}</text>',
    ]
    for number, (name, losses) in enumerate(curves):
        color, points = _COLORS[number % len(_COLORS)], " ".join(map(point, range(len(losses)), losses))
        stroke = f'stroke="{color}" stroke-width="{6 / (1 + 3 * number):.1f}"'
        parts.append(f'<polyline points="{points}" fill="none" {stroke}/>')
        place = f'x="{_WIDTH - _MARGIN}" y="{_MARGIN + 16 * number}" text-anchor="end"'
        parts.append(f'<text {place} fill="{color}">{escape(name)}</text>')
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12">\n<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
    )


def main() -> None:
    """Reads the command line; ends with status 1 if the curves differ."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m training.feed_check.curve")
    parser.add_argument("folders", nargs=2, type=Path, help="of two trainings")
    parser.add_argument("--names", nargs=2, default=("first", "second"), help="of the curves")
    parser.add_argument("--svg", type=Path, help="file to write")
    given = parser.parse_args()
    one, other = (losses_of(folder) for folder in given.folders)
    print(text_chart(one))
    if given.svg:
        given.svg.write_text(svg_chart(list(zip(given.names, (one, other), strict=True))))
        print(f"\n  both curves: {given.svg}")
    step = first_difference(one, other)
    if step is not None:
        raise SystemExit(f"  the curves differ from step {step} on")
    print(f"  all {len(one)} losses are equal to the bit")


if __name__ == "__main__":
    with errors_in_one_line():
        main()

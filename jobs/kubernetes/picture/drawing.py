"""Boxes, lines of text and arrows as SVG. Lengths are pixels; a box is as high as its text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from pipelines.errors import TokenlakeError

LINE = 18  # from one line of text to the next
_TITLE = 26
_MARGIN = 12
_CHARACTER = 6.2  # the average width at 12 pixels


class TooWideError(TokenlakeError, ValueError):
    """A text does not fit into its box; the message names it."""


@dataclass(frozen=True)
class Box:
    """Where a box lies."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height


@dataclass
class Drawing:
    """Parts of a picture, the lowest first."""

    width: float
    parts: list[str] = field(default_factory=list)

    def frame(self, box: Box, title: str, note: str = "") -> None:
        """A large box around others, with its title inside the upper edge."""
        self._rectangle(box, "#f1f5f9", "#64748b", radius=10)
        self.text(box.x + _MARGIN, box.y + 21, title, size=14, bold=True)
        if note:
            self.text(box.right - _MARGIN, box.y + 21, note, anchor="end", colour="#475569")

    def box(self, x: float, y: float, width: float, title: str, rows: Sequence[Sequence[str]], colour: str) -> Box:
        """A box with a title and rows of text; a row's parts stand at the columns of its box.

        Raises:
            TooWideError: a row is wider than the box.
        """
        found = Box(x, y, width, _TITLE + _MARGIN + LINE * len(rows))
        self._rectangle(found, "#ffffff", colour)
        self.parts.append(f'<path d="M{x} {y + _TITLE}h{width}" stroke="{colour}"/>')
        self.text(x + _MARGIN, y + 18, title, size=13, bold=True, colour=colour)
        for number, row in enumerate(rows):
            self._row(found, y + _TITLE + LINE * (number + 1) - 1, row)
        return found

    def arrow(self, points: Sequence[tuple[float, float]], label: str = "", at: tuple[float, float] = (0, 0)) -> None:
        """A line through points with a head at its end, and its label at a place of its own."""
        path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
        self.parts.append(
            f'<path d="{path}" fill="none" stroke="#334155" stroke-width="1.4" marker-end="url(#head)"/>'
        )
        if label:
            self.text(*at, label, size=11, anchor="middle", colour="#334155")

    def line(self, points: Sequence[tuple[float, float]]) -> None:
        """The same without a head."""
        path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
        self.parts.append(f'<path d="{path}" fill="none" stroke="#334155" stroke-width="1.4"/>')

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int = 12,
        bold: bool = False,
        anchor: str = "start",
        colour: str = "#0f172a",
    ) -> None:
        """One line of text; `y` is where its letters stand."""
        weight = ' font-weight="600"' if bold else ""
        where = f'x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
        self.parts.append(f"<text {where}{weight}>{escape(text)}</text>")

    def svg(self, height: float, description: str) -> str:
        """The whole picture."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{height:g}" '
            f'viewBox="0 0 {self.width:g} {height:g}" role="img" font-family="Helvetica, Arial, sans-serif">'
        )
        marker = (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#334155"/></marker></defs>'
        )
        ground = f'<rect width="{self.width:g}" height="{height:g}" fill="#ffffff"/>'
        return "\n".join([head, f"<title>{escape(description)}</title>", marker, ground, *self.parts, "</svg>", ""])

    def _rectangle(self, box: Box, fill: str, stroke: str, radius: int = 6) -> None:
        where = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="{radius}"'
        self.parts.append(f'<rect {where} fill="{fill}" stroke="{stroke}"/>')

    def _row(self, box: Box, y: float, row: Sequence[str]) -> None:
        x = box.x + _MARGIN
        for number, part in enumerate(row):
            last = number == len(row) - 1
            room = box.right - x - _MARGIN / 2 if last else _columns(box)[number]
            if len(part) * _CHARACTER > room:
                raise TooWideError(f"{part!r} is wider than {room:g} pixels")
            self.text(x, y, part)
            x += room


def _columns(box: Box) -> tuple[float, float]:
    """Widths of the first and the second part of a row that has three."""
    return (46, 84) if box.width > 200 else (40, 60)

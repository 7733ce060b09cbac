"""The plot of curves of detection: one drawing, as SVG for the page and as PNG for anywhere."""

import html
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from anomsynth.detectability.curve import PodCurve
from anomsynth.detectability.likelihood import Float64
from anomsynth.detectability.response import ResponseCurve
from anomsynth.detectability.statement import Level, Statement

WIDTH, HEIGHT = 520, 330
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 34, 44
POINTS = 60  # of a curve
LABEL = 80  # room that the label of a line needs
FINE = 3  # the PNG is drawn so many times as large and shrunk
SCALE = 2  # pixels of the PNG for one of the drawing
COLOURS = {
    "paper": "#ffffff",
    "ink": "#1b1f24",
    "dim": "#5b6570",
    "line": "#d5dae0",
    "first": "#2f6fb0",
    "first-band": "#d7e4f1",
    "second": "#c05a00",
    "bad": "#b3261e",
}


@dataclass(frozen=True, slots=True)
class Rug:
    """Flaws as small marks: found above, missed below.

    Attributes
    ----------
    sizes : (n,) float64
    hits : (n,) bool
    names : n of str
        Their pictures, to open by.
    """

    sizes: Float64
    hits: NDArray[np.bool_]
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot.

    Attributes
    ----------
    title, axis : str
    statement : Statement
    rug : Rug or None
    other : Statement or None
        Of another inspection.
    labels : (str, str)
        What the two are called.
    """

    title: str
    axis: str
    statement: Statement
    rug: Rug | None = None
    other: Statement | None = None
    labels: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Shape:
    """A thing to draw: a line, an area, a dot or a text."""

    what: str
    points: tuple[tuple[float, float], ...]
    role: str
    text: str = ""
    width: float = 1.0
    dashed: bool = False
    open_by: str = ""


@dataclass(frozen=True, slots=True)
class Axes:
    """Where values lie on the drawing: sizes on a logarithmic axis, shares from 0 to 1."""

    low: float
    high: float
    span: float = field(default=0.0)

    def across(self, size: float) -> float:
        """Return the column of a size."""
        share = math.log(size / self.low) / math.log(self.high / self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def down(self, share: float) -> float:
        """Return the row of a share."""
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def as_svg(panel: Panel) -> str:
    """Return a panel as SVG that takes its colours from the page; flaws open by their names."""
    parts = [
        f'<svg class="pod" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{html.escape(panel.title)}">'
    ]
    parts += map(_svg, shapes(panel))
    return "".join([*parts, "</svg>"])


def as_png(panels: Sequence[Panel]) -> bytes:
    """Return panels as a PNG on white, two side by side."""
    across = min(len(panels), 2)
    rows = -(-len(panels) // across)
    factor = FINE * SCALE
    sheet = Image.new("RGB", (across * WIDTH * factor, rows * HEIGHT * factor), COLOURS["paper"])
    for index, panel in enumerate(panels):
        corner = (index % across) * WIDTH, (index // across) * HEIGHT
        pencil = ImageDraw.Draw(sheet)
        for shape in shapes(panel):
            _draw(pencil, shape, corner, factor)
    small = sheet.resize((across * WIDTH * SCALE, rows * HEIGHT * SCALE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, format="PNG")
    return out.getvalue()


def shapes(panel: Panel) -> Iterator[Shape]:
    """Yield what a panel shows, from the back to the front."""
    axes = _axes(panel)
    yield from _grid(panel, axes)
    for statement, role in ((panel.statement, "first"), (panel.other, "second")):
        if statement is not None:
            yield from _curve(statement, axes, role, banded=role == "first")
    yield from _guides(panel.statement, axes)
    yield from _levels(panel.statement.levels, axes)
    if panel.rug is not None:
        yield from _rug(panel.rug, axes)
    yield from _legend(panel)


def _axes(panel: Panel) -> Axes:
    sizes = [level.size for level in panel.statement.levels]
    if panel.rug is not None and panel.rug.sizes.size:
        sizes += [float(panel.rug.sizes.min()), float(panel.rug.sizes.max())]
    low, high = min(sizes, default=1.0), max(sizes, default=10.0)
    if high < 1.05 * low:
        low, high = low / 2, high * 2
    return Axes(low / 1.06, high * 1.06)


def _grid(panel: Panel, axes: Axes) -> Iterator[Shape]:
    for share in (0.0, 0.25, 0.5, 0.75, 0.9, 1.0):
        row = axes.down(share)
        ends = ((LEFT, row), (WIDTH - RIGHT, row))
        yield Shape("line", ends, "line", dashed=share == 0.9)
        yield Shape("text", ((LEFT - 6, row + 4),), "end", f"{100 * share:g} %")
    for size in ticks(axes.low, axes.high):
        column = axes.across(size)
        yield Shape("line", ((column, axes.down(0)), (column, axes.down(0) + 4)), "dim")
        yield Shape("text", ((column, axes.down(0) + 17),), "middle", f"{size:g}")
    yield Shape("text", ((WIDTH / 2, HEIGHT - 8),), "middle", panel.axis)
    yield Shape("text", ((LEFT, 18),), "title", panel.title)


def ticks(low: float, high: float) -> list[float]:
    """Return round sizes between two ends: 1, 2, 5 of each decade, or fewer where it is wide.

    Examples
    --------
    >>> ticks(0.3, 12)
    [0.5, 1.0, 2.0, 5.0, 10.0]
    """
    steps: tuple[float, ...] = (1.0,) if high > 1e4 * low else (1.0, 2.0, 5.0)
    if high < 4 * low:
        steps = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [float(f"{step * 10.0**decade:.6g}") for decade in decades for step in steps]
    return [size for size in every if low <= size <= high]


def curve_points(
    curve: PodCurve | ResponseCurve, low: float, high: float
) -> tuple[Float64, Float64, Float64, Float64]:
    """Return sizes from low to high, the curve there, and its lower and upper bound."""
    sizes = np.geomspace(low, high, POINTS)
    lower, upper = curve.band(sizes)
    return sizes, curve.at(sizes), lower, upper


def _curve(statement: Statement, axes: Axes, role: str, *, banded: bool) -> Iterator[Shape]:
    if statement.curve is None:
        return
    sizes, middle, lower, upper = curve_points(statement.curve, axes.low, axes.high)
    columns = [axes.across(float(size)) for size in sizes]
    if banded:
        edge = list(zip(columns, map(axes.down, map(float, upper)), strict=True))
        back = list(zip(columns, map(axes.down, map(float, lower)), strict=True))
        yield Shape("area", tuple(edge + back[::-1]), f"{role}-band")
    line = tuple(zip(columns, map(axes.down, map(float, middle)), strict=True))
    yield Shape("line", line, role, width=2.2, dashed=not banded)


def _guides(statement: Statement, axes: Axes) -> Iterator[Shape]:
    for name, size in (("a90", statement.a90), ("a90/95", statement.a90_95)):
        if size is None:
            continue
        column = axes.across(size)
        ends = ((column, axes.down(0)), (column, axes.down(0.9)))
        yield Shape("line", ends, "first", dashed=True)
        right = name == "a90/95" and column < WIDTH - RIGHT - LABEL
        row = axes.down(0.13 if name == "a90" else 0.06)
        place = (column + (4 if right else -4), row)
        yield Shape("text", (place,), "start" if right else "end", f"{name} {size:.3g}")


def _levels(levels: Sequence[Level], axes: Axes) -> Iterator[Shape]:
    for level in levels:
        place = (axes.across(level.size), axes.down(level.hits / level.flaws))
        yield Shape("ring", (place,), "first", f"{level.hits} of {level.flaws}", width=3.5)


def _rug(rug: Rug, axes: Axes) -> Iterator[Shape]:
    for size, hit, name in zip(rug.sizes, rug.hits, rug.names, strict=True):
        row = axes.down(1) - 7 if hit else axes.down(0) - 5
        said = f"{'found' if hit else 'missed'}: {size:.3g}, {name}"
        place = (axes.across(float(size)), row)
        yield Shape("dot", (place,), "hit" if hit else "miss", said, width=2.2, open_by=name)


def _legend(panel: Panel) -> Iterator[Shape]:
    if panel.other is None:
        return
    for place, (label, role) in enumerate(zip(panel.labels, ("first", "second"), strict=True)):
        row = TOP + 14 + 15 * place
        ends = ((LEFT + 8, row), (LEFT + 32, row))
        yield Shape("line", ends, role, width=2.2, dashed=place == 1)
        yield Shape("text", ((LEFT + 38, row + 4),), "start", label[:40])


def _svg(shape: Shape) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
    x, y = (f"{part:.1f}" for part in shape.points[0])
    text = html.escape(shape.text)
    if shape.what == "text":
        style = ' class="ink"' if shape.role == "title" else f' text-anchor="{shape.role}"'
        return f'<text x="{x}" y="{y}"{style}>{text}</text>'
    if shape.what == "area":
        return f'<polygon class="{shape.role}" points="{points}"/>'
    if shape.what in {"dot", "ring"}:
        opened = f' data-open="{html.escape(shape.open_by)}"' if shape.open_by else ""
        fill = ' fill="none" stroke-width="1.4"' if shape.what == "ring" else ""
        return (
            f'<circle class="{shape.role}" cx="{x}" cy="{y}" r="{shape.width:g}"{fill}{opened}>'
            f"<title>{text}</title></circle>"
        )
    dash = ' stroke-dasharray="5 3"' if shape.dashed else ""
    return (
        f'<polyline class="{shape.role}" points="{points}" fill="none" '
        f'stroke-width="{shape.width:g}"{dash}/>'
    )


def _draw(pencil: ImageDraw.ImageDraw, shape: Shape, corner: tuple[int, int], factor: int) -> None:
    points = [((x + corner[0]) * factor, (y + corner[1]) * factor) for x, y in shape.points]
    role = {"hit": "first", "miss": "bad"}.get(shape.role, shape.role)
    x, y = points[0]
    if shape.what == "text":
        title = role == "title"
        font = ImageFont.load_default((13 if title else 11) * factor)
        anchor = {"end": "rs", "middle": "ms"}.get(role, "ls")
        colour = COLOURS["ink" if title else "dim"]
        pencil.text((x, y), shape.text, fill=colour, font=font, anchor=anchor)
    elif shape.what == "area":
        pencil.polygon(points, fill=COLOURS[role])
    elif shape.what in {"dot", "ring"}:
        reach = shape.width * factor
        box = (x - reach, y - reach, x + reach, y + reach)
        if shape.what == "ring":
            pencil.ellipse(box, outline=COLOURS[role], width=round(1.4 * factor))
        else:
            pencil.ellipse(box, fill=COLOURS[role])
    else:
        width = max(round(shape.width * factor), 1)
        for piece in _dashes(points, factor) if shape.dashed else [points]:
            pencil.line(piece, fill=COLOURS[role], width=width, joint="curve")


def _dashes(
    points: Sequence[tuple[float, float]], factor: int
) -> Iterator[list[tuple[float, float]]]:
    """Cut a line into dashes of five with gaps of three."""
    line = np.array(points)
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    for start in np.arange(0, along[-1], 8 * factor):
        places = np.linspace(start, min(start + 5 * factor, along[-1]), 4)
        yield [
            (float(np.interp(place, along, line[:, 0])), float(np.interp(place, along, line[:, 1])))
            for place in places
        ]

"""Where each part of the journey's line is drawn, in SVG units; pure.

An SVG with plain attributes: the page's policy allows no inline styles, and a table cannot draw strokes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from gateway.clock import Moment
from gateway.journey import Journey, Ribbon, Stop
from gateway.names import region_title
from gateway.texts import Texts

WIDTH = 1000
_MARGIN = 110
_STEP = 230
_FIT = 5
_LINE_Y = 74
_RIBBON_Y = 172
_RIBBON_STEP = 26
_WAVE = 24


@dataclass(frozen=True, slots=True)
class Band:
    """One region's part of the line."""

    region: str
    title: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Knot:
    """A stop as drawn."""

    x: int
    stop: Stop
    times: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A leg as drawn: its path, its mode (the stroke), and its words."""

    mode: str
    path: str
    x: int
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A ribbon as drawn."""

    kind: str
    broken: bool
    x: int
    end: int
    y: int
    title: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything the template needs; ``long`` where it is wider than a page and scrolls."""

    width: int
    height: int
    line_y: int
    bands: tuple[Band, ...]
    knots: tuple[Knot, ...]
    strokes: tuple[Stroke, ...]
    strips: tuple[Strip, ...]
    long: bool


def drawing_of(journey: Journey, texts: Texts) -> Drawing | None:
    """The drawing of a journey; None where no record tells a place."""
    count = len(journey.stops)
    if count == 0:
        return None
    step = (WIDTH - 2 * _MARGIN) // max(count - 1, 1) if count <= _FIT else _STEP
    xs = [_MARGIN + number * step for number in range(count)]
    width = max(WIDTH, xs[-1] + _MARGIN)
    strokes = tuple(
        Stroke(leg.mode, _path(leg.mode, a, b), (a + b) // 2, leg.title)
        for leg, (a, b) in zip(journey.legs, pairwise(xs), strict=True)
    )
    return Drawing(
        width=width,
        height=_RIBBON_Y + _RIBBON_STEP * len(journey.ribbons),
        line_y=_LINE_Y,
        bands=tuple(_bands(journey.stops, xs, width, texts)),
        knots=tuple(Knot(x, stop, _times(stop)) for x, stop in zip(xs, journey.stops, strict=True)),
        strokes=strokes,
        strips=tuple(
            _strip(ribbon, xs, _RIBBON_Y + _RIBBON_STEP * row, texts)
            for row, ribbon in enumerate(journey.ribbons)
        ),
        long=count > _FIT,
    )


def _bands(stops: tuple[Stop, ...], xs: list[int], width: int, texts: Texts) -> Iterator[Band]:
    edges = [0, *((a + b) // 2 for a, b in pairwise(xs)), width]
    start = 0
    for number, stop in enumerate(stops):
        following = stops[number + 1].region if number + 1 < len(stops) else None
        if following == stop.region:
            continue
        if stop.region:
            title = region_title(stop.region, texts)
            yield Band(stop.region, title, edges[start], edges[number + 1] - edges[start])
        start = number + 1


def _path(mode: str, start: int, end: int) -> str:
    if mode != "sea":
        return f"M{start} {_LINE_Y}H{end}"
    waves = max((end - start) // (2 * _WAVE), 1)
    half = (end - start) / (2 * waves)
    rise = f"q{half / 2:.1f} -12 {half:.1f} 0q{half / 2:.1f} 12 {half:.1f} 0"
    return f"M{start} {_LINE_Y}{rise * waves}"


def _strip(ribbon: Ribbon, xs: list[int], y: int, texts: Texts) -> Strip:
    words = f"{texts.ribbons[ribbon.kind]} {ribbon.number}"
    end = xs[ribbon.last] if ribbon.last > ribbon.first else xs[ribbon.first] + _MARGIN // 2
    title = f"{words} · {ribbon.note}" if ribbon.note else words
    return Strip(ribbon.kind, ribbon.broken, xs[ribbon.first], end, y, title)


def _times(stop: Stop) -> str:
    first, last = stop.first, stop.last
    if first == last:
        return first.local
    return f"{first.local} → {_short(last, first)}"


def _short(moment: Moment, after: Moment) -> str:
    return moment.local.split(" ")[1] if moment.day == after.day else moment.local

"""The page of a study: curves, what they say and mean, and every flaw to look at."""

import html
import math
from collections.abc import Iterator, Sequence

import numpy as np

from anomsynth._version import __version__
from anomsynth.core.counted import counted
from anomsynth.core.display import zoom_box
from anomsynth.dataset.images import read_mask, read_photo
from anomsynth.detectability.output import MEANING, TERMS, PodResult, panels
from anomsynth.detectability.plot import as_svg
from anomsynth.detectability.statement import Statement
from anomsynth.detectability.study import Inspection, Subset, found_and_missed
from anomsynth.errors import InputError
from anomsynth.pages.page import Card, Gallery, Section, build, gallery_section, row
from anomsynth.pages.thumbnails import Thumbnail, make_thumbnail, side_for

BUDGET = 9_000_000  # bytes of all small pictures
MOST_SHOWN = 1500  # flaws on the page
MOST_LARGE = 40  # of which the whole picture is in the page, too
LARGE = 768  # pixels of its longer side
CROP = 640  # as for the tile of a zoom: at least 80 pixels around a defect are shown


def pod_page(result: PodResult) -> str:
    """Return the page of a study."""
    chosen = _shown(result)
    gallery = Gallery(
        _cards(result, chosen),
        ("kind", "outcome"),
        worst="low",
        span=_span([result.swept.flaws[index].size_mm for index in chosen]),
        what="size",
        orders=("smallest first", "largest first"),
    )
    found = int(result.ours.hits.sum())
    name = result.ours.answers.name
    left = len(result.swept.flaws) - len(chosen)
    rest = f"<p>{counted(left, 'more flaw')} in flaws.csv.</p>" if left else ""
    sections = [
        Section("What it means", f"<p>{html.escape(MEANING)}</p><p>{html.escape(TERMS)}</p>"),
        Section("Curves", _curves(result)),
        Section("Numbers", _numbers(result)),
        gallery_section("Flaws", gallery, rest),
    ]
    return build(
        f"Probability of detection: {name}",
        f"{found} of {counted(len(result.swept.flaws), 'flaw')} found",
        sections,
        gallery,
        origin=f"anomsynth {__version__}",
    )


def _curves(result: PodResult) -> str:
    drawn = "".join(f"<figure>{as_svg(panel)}</figure>" for panel in panels(result))
    guide = (
        "<p>Blue dots above are flaws that were found, red ones below were missed: click one to "
        "look at it. Rings: the rate among flaws of about one size. The band is the 95 % bound on "
        "either side.</p>"
    )
    return f'{guide}<div class="charts">{drawn}</div>'


def _numbers(result: PodResult) -> str:
    head = ["flaws", "by", "found", "a50", "a90", "a90/95"]
    body = "".join(row(cells) for cells in _rows(result))
    table = f'<div class="counts"><table>{row(head, "th")}{body}</table></div>'
    said = "".join(f"<li>{html.escape(line)}</li>" for line in _remarks(result))
    remarks = f"<ul>{said}</ul>" if said else ""
    calls = "".join(row(cells) for cells in _calls(result))
    look = "".join(_extremes(result, subset) for subset in result.subsets)
    return f"{table}{remarks}<ul>{look}</ul><table>{calls}</table>"


def _rows(result: PodResult) -> Iterator[list[str]]:
    for subset in result.subsets:
        for by, statement in _statements(subset):
            yield [
                subset.name,
                by,
                f"{statement.hits} of {statement.flaws}",
                *(_size(value) for value in (statement.a50, statement.a90, statement.a90_95)),
            ]
        if subset.both is not None:
            for d_prime, a90, bound in subset.both.levels:
                yield [subset.name, f"size at d' {d_prime:.3g}", "", "", _size(a90), _size(bound)]
        if subset.difference is not None:
            one = subset.difference
            yield [
                subset.name,
                "difference, other less this",
                f"{one.only_first} only this, {one.only_second} only the other",
                "",
                f"{one.value:+.3g}",
                f"{one.low:+.3g} to {one.high:+.3g}" if np.isfinite(one.low) else "not stated",
            ]


def _statements(subset: Subset) -> Iterator[tuple[str, Statement]]:
    yield "size, mm", subset.by_size
    if subset.by_d_prime is not None:
        yield "d'", subset.by_d_prime
    if subset.by_answer is not None:
        yield "size, mm, by its answers", subset.by_answer
    if subset.against is not None:
        yield "size, mm, the other", subset.against


def _remarks(result: PodResult) -> Iterator[str]:
    yield from result.warnings
    for subset in result.subsets:
        for by, statement in _statements(subset):
            for reason in (*statement.reasons, *statement.notes):
                yield f"{subset.name}, by {by}: {reason}"
        for reason in subset.both.reasons if subset.both is not None else ():
            yield f"{subset.name}, by size and d': {reason}"


def _calls(result: PodResult) -> Iterator[list[str]]:
    for one in (result.ours, result.other):
        if one is not None:
            yield [one.answers.name, threshold_line(one)]
            yield ["", false_call_line(one)]


def threshold_line(one: Inspection) -> str:
    """Say from which answer on an inspection calls a defect, and why."""
    limit = one.limit
    if not np.isfinite(limit.value):
        return "every mark is a call"
    if limit.false_alarms is None:
        return f"threshold {limit.value:.4g}, given"
    rate = f"{100 * limit.false_alarms:.2g} %"
    pictures = counted(one.false_calls.pictures, "good picture")
    return f"threshold {limit.value:.4g}, by {pictures}: at most {rate} false alarms"


def false_call_line(one: Inspection) -> str:
    """Say what an inspection calls on good pictures, with bounds."""
    calls = one.false_calls
    text = (
        f"false calls on {calls.called} of {counted(calls.pictures, 'good picture')} "
        f"({100 * calls.rate:.3g} %, 95 % bound {100 * calls.rate_bound:.3g} %), "
        f"{calls.calls / calls.pictures:.2g} a picture"
    )
    if calls.area_cm2 > 0:
        per, bound = calls.calls_there / calls.area_cm2, calls.calls_bound / calls.area_cm2
        text += f", {per:.2g} a square centimeter (bound {bound:.2g})"
    return text


def _extremes(result: PodResult, subset: Subset) -> str:
    smallest, largest = found_and_missed(result.swept, result.ours.hits, subset.chosen)
    parts = []
    for what, index in (("smallest found", smallest), ("largest missed", largest)):
        if index is not None:
            flaw = result.swept.flaws[index]
            name = html.escape(flaw.picture)
            parts.append(
                f'{what}: <button type="button" data-open="{name}">{flaw.size_mm:.3g} mm</button>'
            )
    return f"<li>{html.escape(subset.name)}: {', '.join(parts)}</li>"


def _shown(result: PodResult) -> list[int]:
    """Return which flaws are on the page: all, or evenly spaced ones and the extremes."""
    count = len(result.swept.flaws)
    if count <= MOST_SHOWN:
        return list(range(count))
    chosen = {index * count // MOST_SHOWN for index in range(MOST_SHOWN)}
    for subset in result.subsets:
        chosen |= {
            index
            for index in found_and_missed(result.swept, result.ours.hits, subset.chosen)
            if index is not None
        }
    return sorted(chosen)


def _cards(result: PodResult, chosen: Sequence[int]) -> list[Card]:
    side = side_for(len(chosen), BUDGET)
    large = _worth_a_look(result)
    cards = []
    for index in chosen:
        flaw, hit = result.swept.flaws[index], bool(result.ours.hits[index])
        try:
            small, whole = _pictures(result, index, side, whole=index in large)
        except InputError:
            continue  # it was there when it was inspected
        answer = result.ours.answers.signals[index]
        cards.append(
            Card(
                path=flaw.picture,
                score=flaw.size_mm,
                facets={"kind": flaw.kind, "outcome": "found" if hit else "missed"},
                thumbnail=small,
                large=whole,
                facts=f"mm {flaw.measure}, {'found' if hit else 'missed'}",
                table=[
                    ("ordered, mm", f"{flaw.level_mm:.3g}"),
                    ("visibility d'", f"{flaw.d_prime:.3g}"),
                    ("answer there", f"{answer:.4g}"),
                    ("threshold", f"{result.ours.limit.value:.4g}"),
                ],
            )
        )
    return cards


def _worth_a_look(result: PodResult) -> set[int]:
    """Return flaws that are shown whole: the smallest that were found, the largest missed."""
    sizes = np.array([flaw.size_mm for flaw in result.swept.flaws])
    order, hits = np.argsort(sizes), result.ours.hits
    half = MOST_LARGE // 2
    chosen = [*order[hits[order]][:half], *order[~hits[order]][::-1][:half]]
    for subset in result.subsets:
        chosen += [
            index
            for index in found_and_missed(result.swept, hits, subset.chosen)
            if index is not None
        ]
    return {int(index) for index in chosen}


def _pictures(
    result: PodResult, index: int, side: int, *, whole: bool
) -> tuple[Thumbnail, Thumbnail | None]:
    flaw, root = result.swept.flaws[index], result.swept.root
    pixels = read_photo(root / flaw.picture).pixels
    mask = read_mask(root / flaw.mask, (pixels.shape[0], pixels.shape[1]))
    box = zoom_box(mask, CROP)
    small = make_thumbnail(pixels[box.slices], mask[box.slices], side)
    return small, make_thumbnail(pixels, mask, LARGE) if whole else None


def _size(value: float | None) -> str:
    return "not stated" if value is None else f"{value:.3g}"


def _span(sizes: Sequence[float]) -> tuple[float, float]:
    low, high = min(sizes, default=0.0), max(sizes, default=1.0)
    return math.floor(low * 100) / 100, math.ceil(high * 100) / 100 + 0.01

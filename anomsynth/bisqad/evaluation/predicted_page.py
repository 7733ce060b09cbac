"""The page of a prediction: every photo with its heat map and its regions, the worst first."""

import heapq
import html
import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from anomsynth._version import __version__
from anomsynth.bisqad.evaluation.overlay import HeatScale, heated
from anomsynth.bisqad.evaluation.predictions import Decision, SeenPhoto, UnreadablePhoto
from anomsynth.bisqad.evaluation.threshold import Threshold
from anomsynth.core.counted import counted
from anomsynth.core.types import Mask
from anomsynth.pages.page import HISTOGRAMS, Card, Gallery, Section, build, gallery_section, row
from anomsynth.pages.thumbnails import Thumbnail, data_uri, make_thumbnail, side_for

BUDGET = 18_000_000  # bytes of all small pictures
MOST_SHOWN = 2000  # photos on the page, the worst ones
LARGE = 896  # pixels of the longer side of a picture shown large
MOST_LARGE = 24
MOST_REGIONS = 12  # of one photo that the page lists
MOST_UNREAD = 200


class PredictedPage:
    """Collects the pictures of a prediction while it goes on.

    Parameters
    ----------
    count : int
        Photos that there may be.
    threshold : Threshold
    scale : HeatScale
    """

    def __init__(self, count: int, threshold: Threshold, scale: HeatScale) -> None:
        self._threshold, self._scale = threshold, scale
        self._side = side_for(2 * min(count, MOST_SHOWN), BUDGET)
        # Lowest scores first, so that the worst are kept.
        self._shown: list[tuple[float, int, Decision, Thumbnail]] = []
        self._large: list[tuple[float, int, Thumbnail]] = []
        self._added = 0

    def add(self, seen: SeenPhoto, decision: Decision, mask: Mask) -> None:
        """Take in a photo with the mask of its regions."""
        self._added += 1
        heat = partial(heated, values=seen.prediction.map, scale=self._scale)
        place = decision.score, -self._added
        if len(self._shown) < MOST_SHOWN or place > self._shown[0][:2]:
            small = make_thumbnail(seen.photo.pixels, mask, self._side, heat)
            heapq.heappush(self._shown, (*place, decision, small))
        if len(self._shown) > MOST_SHOWN:
            heapq.heappop(self._shown)
        if len(self._large) < MOST_LARGE or place > self._large[0][:2]:
            large = make_thumbnail(seen.photo.pixels, mask, LARGE, heat)
            heapq.heappush(self._large, (*place, large))
        if len(self._large) > MOST_LARGE:
            heapq.heappop(self._large)

    def text(
        self, title: str, decisions: Sequence[Decision], unread: Sequence[UnreadablePhoto]
    ) -> str:
        """Return the page; `decisions` are those of all photos."""
        large = {number: thumbnail for _, number, thumbnail in self._large}
        worst = sorted(self._shown, key=lambda one: one[:2], reverse=True)
        folders = {_folder(decision) for _, _, decision, _ in worst}
        facets = ("folder", "verdict") if len(folders) > 1 else ("verdict",)
        limit = self._threshold.value
        gallery = Gallery(
            [
                self._card(decision, thumbnail, large.get(number))
                for _, number, decision, thumbnail in worst
            ],
            facets,
            worst="high",
            span=_span([decision.score for _, _, decision, _ in worst], limit),
            limit=limit,
        )
        flagged = sum(decision.defective for decision in decisions)
        summary = f"{flagged} of {counted(len(decisions), 'photo')} defective"
        rest = len(decisions) - len(worst)
        left = f"<p>The {len(worst)} worst of {len(decisions)} are shown.</p>" if rest else ""
        sections = [
            Section("Overview", self._facts(decisions)),
            Section("Scores", HISTOGRAMS, folded=True),
        ]
        if unread:
            sections.append(Section(f"Left out ({len(unread)})", _unread(unread), folded=True))
        sections.append(gallery_section("Photos", gallery, self._legend() + left))
        return build(title, summary, sections, gallery)

    def _card(self, decision: Decision, small: Thumbnail, large: Thumbnail | None) -> Card:
        height, width = decision.shape
        return Card(
            path=decision.image,
            score=decision.score,
            facets={"folder": _folder(decision), "verdict": _verdict(decision)},
            thumbnail=small,
            large=large,
            facts=f"{_verdict(decision)}, {width} x {height} px",
            table=[
                (
                    f"region {number}",
                    f"score {region.score:.2f}, {region.area} px in a box of "
                    f"{region.box.shape[1]} x {region.box.shape[0]} at column {region.box.left}, "
                    f"row {region.box.top}",
                )
                for number, region in enumerate(decision.regions[:MOST_REGIONS], 1)
            ],
        )

    def _facts(self, decisions: Sequence[Decision]) -> str:
        limit = self._threshold
        if limit.normals:
            origin = (
                f"by {counted(limit.normals, 'good photo')} of the training: "
                f"at most {100 * limit.false_alarms:.2g} % false alarms"
            )
        else:
            origin = "given"
        regions = sum(len(decision.regions) for decision in decisions)
        rows = [
            ["photos", str(len(decisions))],
            ["defective", str(sum(decision.defective for decision in decisions))],
            ["regions", str(regions)],
            ["threshold", f"score {limit.value:.3f}, {origin}"],
            ["predicted by anomsynth", __version__],
        ]
        return f"<table>{''.join(map(row, rows))}</table>"

    def _legend(self) -> str:
        scale = self._scale
        ramp = np.linspace(scale.low, scale.high, 256, dtype=np.float32)[None]
        bar = data_uri(scale.colour(ramp))
        return (
            f'<p><img class="scale" alt="colour scale" src="{bar}">Heat: score of each place from '
            f"{scale.low:.1f} (clear) to {scale.high:.1f} (bright); outlines: the regions above "
            f"the threshold {self._threshold.value:.2f}.</p>"
        )


def _folder(decision: Decision) -> str:
    return decision.image.rpartition("/")[0] or "."


def _verdict(decision: Decision) -> str:
    return "defective" if decision.defective else "good"


def _span(scores: Sequence[float], limit: float) -> tuple[float, float]:
    """Return round limits of a range that holds all scores, and the threshold if it is near."""
    low, high = min(scores, default=limit), max(scores, default=limit)
    width = max(high - low, 1)
    if low - width <= limit <= high + width:
        low, high = min(low, limit), max(high, limit)
    return math.floor(low), max(math.ceil(high), math.floor(low) + 1)


def _unread(unread: Sequence[UnreadablePhoto]) -> str:
    rows = "".join(row([str(item.path), item.message]) for item in unread[:MOST_UNREAD])
    more = len(unread) - MOST_UNREAD
    rest = html.escape(f"and {more} more") if more > 0 else ""
    return f"<table>{row(['photo', 'reason'], 'th')}{rows}</table>{rest}"

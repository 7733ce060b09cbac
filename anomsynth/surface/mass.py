"""A solid mass on a patterned ground: a body on a board, where no colour is the background's."""

from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.statistics import order_statistic
from anomsynth.core.types import Float32, Mask
from anomsynth.surface.backdrop import border_of, disc, smoothed

SMOOTH = 0.8  # deviation, pixels, of the blur that takes noise from the colours
AREAS = (0.03, 0.6)  # of the picture: the mass may cover
OPENED = 1 / 25  # of the longer side: what is thinner is pattern
ALONE = 0.6  # least share of all solid areas of its lightness that the mass must be
RING = 1 / 12  # of the longer side: width of the frame that shows the ground's colours
COLOURS = 4  # that the ground is made of, at most
FOREIGN = (0.97, 8.0)  # quantile of the frame's distances from them, and least CIE difference
ATTACHED = 1.8  # most area with what hangs on it, in areas of the mass
CONTRAST = 8.0  # least CIE difference between the mass and the frame's median


@dataclass(frozen=True, slots=True, eq=False)
class Mass:
    """A body and what hangs on it.

    Attributes
    ----------
    core : (h, w) bool
        The solid body.
    part : (h, w) bool
        With the leads, wires and rims on it that no colour of the ground explains.
    """

    core: Mask
    part: Mask


def find_mass(colours: Float32) -> Mass | None:
    """Return the solid mass that stands clear of the border, None if there is no single one.

    Parameters
    ----------
    colours : (h, w, C) float32, L*a*b* or L*
        Of a small picture.
    """
    smooth = smoothed(colours, SMOOTH)
    light = np.clip(smooth[..., 0] * np.float32(2.55), 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(light, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    best: tuple[float, Mask] | None = None
    for side in (light <= level, light > level):
        core = _body(side)
        if core is None:
            continue
        contrast = _contrast(smooth, core)
        if contrast >= CONTRAST and (best is None or contrast > best[0]):
            best = contrast, core
    return None if best is None else Mass(best[1], _with_attachments(smooth, best[1]))


def _body(side: Mask) -> Mask | None:
    """Return the one thick region of a mask that keeps off the border."""
    radius = max(side.shape) // round(1 / OPENED)
    opened = cv2.morphologyEx(
        side.view(np.uint8),
        cv2.MORPH_OPEN,
        disc(radius),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return None
    area = stats[1:, cv2.CC_STAT_AREA]
    core = labels == 1 + int(area.argmax())
    share = area.max() / side.size
    if not AREAS[0] < share < AREAS[1] or (core & border_of(side.shape)).any():
        return None
    return core if area.max() >= ALONE * area.sum() else None


def _contrast(smooth: Float32, core: Mask) -> float:
    grown = cv2.dilate(core.view(np.uint8), disc(2)) > 0
    within = np.median(smooth[core], axis=0)
    return float(np.linalg.norm(within - np.median(smooth[~grown], axis=0)))


def _with_attachments(smooth: Float32, core: Mask) -> Mask:
    """Add what hangs on the body and has no colour of the ground's frame."""
    width = max(round(RING * max(core.shape)), 1)
    frame = np.ones_like(core)
    frame[width:-width, width:-width] = False
    frame &= ~core
    ground = _clusters(smooth[frame])
    distance = np.linalg.norm(smooth[:, :, None] - ground, axis=3).min(axis=2)
    limit = max(order_statistic(distance[frame], FOREIGN[0]), FOREIGN[1])
    foreign = (distance > limit) | core
    _, labels = cv2.connectedComponents(foreign.view(np.uint8))
    attached = np.isin(labels, np.unique(labels[core])) & foreign
    return attached if attached.sum() < ATTACHED * core.sum() else core


def _clusters(colours: Float32) -> Float32:
    """Return the colours that the ground is made of, (k, C), the same on every call."""
    # Seeds at quantiles of lightness: no random numbers, and a pattern differs in lightness.
    order = np.argsort(colours[:, 0], kind="stable")
    places = ((np.arange(COLOURS) + 0.5) / COLOURS * len(order)).astype(np.intp)
    centres = colours[order[places]].copy()
    for _ in range(12):
        nearest = np.linalg.norm(colours[:, None] - centres, axis=2).argmin(axis=1)
        for index in range(COLOURS):
            if (nearest == index).any():
                centres[index] = colours[nearest == index].mean(axis=0)
    return np.asarray(centres, dtype=np.float32)

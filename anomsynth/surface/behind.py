"""What shows where a piece of the part is missing: the background, guessed from around it."""

from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.pixels import channel_mean, on_channels, over_channels
from anomsynth.core.statistics import median
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.surface.background import background_of

OUTLINE_PX = 3.0  # of a part, besides its blur: pixels that go with a piece of it
CUT = 0.02  # share of what changes that may be cut off without leaving a ghost of the outline
SMOOTH = 4.0  # slow light of the ground is taken over that part of the reach,
LEAST_SPREAD_PX = 2.0  # and over so many pixels at least, so that texture averages out
STRANGE = 2.5  # outlines: as far a rim, a gleam or a drawn mask's error goes with a piece
LEAST_STEP = 0.006  # of the root of white: smaller differences are not seen
TEXTURE_PX = 2  # texture of the ground averages out over so many pixels to every side
MOST_FACTOR = 3.0  # by which shadow and halo change the ground's light
LEAST_LIGHT = np.float32(2e-3)
LEAST_CHANGE = 1e-3  # of white, linear; smaller ones are none


def light_behind(
    surface: Surface, box: Box, gone: Mask | None = None, beside_px: float = 0.0
) -> Float32 | None:
    """Return the background's linear light in a box, (h, w, C), None if the picture shows none.

    It has the texture and the noise that the background has elsewhere; see `Background.filled`.

    Parameters
    ----------
    surface : Surface
    box : Box
    gone : (h, w) bool, optional
        Where it is needed; all of the box by default.
    beside_px : float
        Pixels beside what is gone whose light is not believed: shadow and halo of it.
    """
    background = background_of(surface)
    if background is None:
        return None
    if gone is None or not gone.any():
        gone = np.ones(box.shape, dtype=bool)
    needed = _distance(gone) <= beside_px if beside_px > 0 else gone
    return background.filled(surface, box, needed)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A box of a photo that a piece of the part has left.

    Attributes
    ----------
    light : (h, w, C) float32
        What is behind where the piece was, the photo's own on the rest of the part.
    beside : (h, w) bool
        Ground whose light changes.
    shade : (h, w, C) float32
        By what factor the piece darkened or lit the ground beside it; 1 elsewhere.
    """

    light: Float32
    beside: Mask
    shade: Float32


def ground_without(
    surface: Surface, box: Box, gone: Mask, behind: Float32, reach_px: float
) -> Ground:
    """Return a box as a piece has left it.

    Its blurred outline goes with it, and its halo and its shadow: the ground keeps its texture, and
    its slow light turns into that of what is behind within `reach_px`, channel by channel. What
    lies nearer to the rest of the part stays as it is.

    Parameters
    ----------
    surface : Surface
    box : Box
    gone : (h, w) bool
        The piece.
    behind : (h, w, C) float32
        What would be there: `light_behind`.
    reach_px : float
    """
    now = surface.linear(box)
    part = surface.foreground[box.slices]
    away = _distance(gone)
    share = _fading(away, reach_px)
    rest = part & ~gone
    nearer = np.ones(box.shape, np.float32)  # to the piece than to the rest
    if rest.any():
        nearer = np.clip((_distance(rest) - away) * np.float32(2 / reach_px), 0, 1)
    share *= nearer
    share[part] = 0
    outline = OUTLINE_PX + 2 * surface.camera.blur_px
    clear = (~part & (away > outline / 2)).astype(np.float32)
    spread = max(reach_px / SMOOTH, LEAST_SPREAD_PX)
    then, current = (
        mean + LEAST_LIGHT for mean in (_slow(i, clear, spread) for i in (behind, now))
    )
    factor = np.log(np.clip(current / then, 1 / MOST_FACTOR, MOST_FACTOR))
    far = ~part & (away > reach_px)
    if far.any():  # what a patterned ground has everywhere is no shadow
        usual = np.float32(2 * median(np.abs(factor[far])))
        factor = np.copysign(np.maximum(np.abs(factor) - usual, 0), factor)
    gone_shade = factor * on_channels(share, factor.shape[2])
    # What stays dark beside the hole for the rest of the part is dark in it, too.
    stays = factor * on_channels(1 - nearer, factor.shape[2])
    stays = _slow(stays, clear * _fading(away, reach_px / 2), reach_px / 2)
    bared = behind * np.exp(stays)
    shade = np.exp(gone_shade)
    light = np.asarray(now / shade, np.float32)
    mixed = _fading(away, STRANGE * outline) * nearer
    mixed *= _strange(light, bared, part, far)
    np.maximum(mixed, _fading(away - outline / 2, outline / 2), out=mixed)
    mixed[part] = 0
    light += on_channels(mixed, light.shape[2]) * (bared - light)
    cv2.copyTo(bared, gone.view(np.uint8), light)  # many times as fast as NumPy
    light.clip(0, 1, out=light)
    changed = over_channels(np.maximum, np.abs(light - now)) > LEAST_CHANGE
    return Ground(light, np.asarray(changed & ~part), np.asarray(shade, np.float32))


def _strange(light: Float32, behind: Float32, part: Mask, far: Mask) -> Float32:
    """Return how surely the ground differs from what is behind by more than its texture does."""
    step = np.sqrt(channel_mean(light)) - np.sqrt(channel_mean(behind))  # about the lightness
    step[part] = 0
    size = (2 * TEXTURE_PX + 1,) * 2
    ground = np.asarray(cv2.blur((~part).astype(np.float32), size), np.float32)
    slow = np.abs(np.asarray(cv2.blur(step, size), np.float32)) / np.maximum(ground, 0.05)
    usual = np.asarray(slow[far], np.float32)
    least = max(2 * float(median(usual)) if usual.size else 0.0, LEAST_STEP)
    return np.clip(slow / np.float32(least) - 1, 0, 1)


def _slow(field: Float32, where: Float32, spread: float) -> Float32:
    """Return the mean around of (h, w, C) over the weights (h, w), 0 far from all of them."""
    weight, total = (
        np.asarray(cv2.GaussianBlur(array, (0, 0), spread, borderType=cv2.BORDER_REPLICATE))
        for array in (where, field * on_channels(where, field.shape[2]))
    )
    mean = total.reshape(field.shape) / on_channels(weight + np.float32(1e-4), field.shape[2])
    return np.asarray(mean, np.float32)


def check_room(surface: Surface, box: Box, piece: Mask, lands: Mask | None = None) -> None:
    """Refuse what cannot be shown whole: cut off, it would leave a ghost of the old outline.

    Parameters
    ----------
    surface : Surface
    box : Box
    piece : (h, w) bool
        What moves or goes; its blurred outline goes with it.
    lands : (h, w) bool, optional
        Where it is afterwards.

    Raises
    ------
    PlacementError
        If more than a trace of that lies where no defect may reach.
    """
    if surface.reachable is None or surface.reachable[box.slices].all():
        return
    ring = cv2.dilate(piece.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    changed = piece | (ring & ~surface.foreground[box.slices])
    if lands is not None:
        changed |= lands
    lost = int(np.count_nonzero(changed & ~surface.reachable[box.slices]))
    if lost > CUT * int(np.count_nonzero(changed)):
        raise PlacementError(
            "the piece reaches beyond where defects may go: what is avoided, or a mask that is not "
            "along the part's outline"
        )


def _fading(away: Float32, reach: float) -> Float32:
    """Return a smooth step from 1 to 0 over some distance, (h, w) float32."""
    left = np.clip(1 - away * np.float32(1 / reach), 0, 1)
    return np.asarray(left * left * (3 - 2 * left), dtype=np.float32)


def _distance(area: Mask) -> Float32:
    """Return how far each pixel is from an area, (h, w) float32."""
    return np.asarray(cv2.distanceTransform((~area).view(np.uint8), cv2.DIST_L2, 3), np.float32)

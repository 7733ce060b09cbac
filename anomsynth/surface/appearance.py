"""How a surface looks: its light and colour at a place, and in a few numbers as a whole."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode, lab
from anomsynth.core.pixels import channel_mean
from anomsynth.core.types import Box, Float32, Grain, Mask, Surface

SIDE = 256  # pixels a side at which appearance is measured
SAMPLES = 64  # pixels a side that are looked at for the light of a place
BRIGHTEST = 0.99  # quantile of a picture's light that is white, not a glint
BRIGHTEST_TONE = 99.5  # percentile of the part's light in all channels
SHADES = 0.4, 2.0  # of the mean around: beyond lies something else than light and shade
SPECKLES = 0.25, 3.0
PLACES = 5  # that are looked at for stuff of the part
LEAST_LAG = 4  # cells of the autocorrelation that are texture's own smoothness, not repetition


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a photo of a part looks like: enough to guess what it is made of.

    Attributes
    ----------
    part_share : float in (0, 1]
        Share of the picture that is part.
    lightness : float in [0, 100]
        Median CIE L* of the part.
    chroma : float
        Median CIE C*ab of the part, 0 for grey photos.
    hue_deg : float in [0, 360)
        CIE hue angle of the median colour; meaningless where the chroma is small.
    contrast : float
        Standard deviation of L* about its local mean.
    spread : float
        Distance between the 5th and 95th percentile of L*.
    coherence : float in [0, 1]
        How parallel the texture runs, median over the part.
    alignment : float in [0, 1]
        How much the whole part's texture runs one way: turned marks are parallel and not aligned.
    repetition : float in [0, 1]
        Highest side peak of the texture's autocorrelation: weaves and grids repeat.
    """

    part_share: float
    lightness: float
    chroma: float
    hue_deg: float
    contrast: float
    spread: float
    coherence: float
    alignment: float
    repetition: float


def measure_appearance(surface: Surface) -> Appearance:
    """Measure how the part looks; a picture without a part counts as a whole."""
    height, width = surface.shape
    step = max(max(height, width) // SIDE, 1)
    light = surface.linear(Box(0, 0, height, width))
    small = _shrunk(light, step)
    part = surface.foreground[::step, ::step][: small.shape[0], : small.shape[1]]
    if not part.any():
        part = np.ones_like(part)
    colours = lab(small)[part]
    tone = lab(small)[..., 0]
    chroma, hue = _colour(np.median(colours, axis=0))
    local = tone - cv2.GaussianBlur(tone, (0, 0), 6, borderType=cv2.BORDER_REFLECT)
    low, high = np.quantile(colours[:, 0], (0.05, 0.95))
    return Appearance(
        part_share=float(part.mean()),
        lightness=float(np.median(colours[:, 0])),
        chroma=chroma,
        hue_deg=hue,
        contrast=float(local[part].std()),
        spread=float(high - low),
        coherence=float(np.median(surface.grain.coherence)),
        alignment=_alignment(surface.grain),
        repetition=_repetition(np.where(part, local, 0).astype(np.float32)),
    )


def _shrunk(light: Float32, step: int) -> Float32:
    size = (-(-light.shape[1] // step), -(-light.shape[0] // step))
    small = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32).reshape(size[1], size[0], -1)


def _colour(median: Float32) -> tuple[float, float]:
    if median.size < 3:
        return 0.0, 0.0
    green_red, blue_yellow = float(median[1]), float(median[2])
    return float(np.hypot(green_red, blue_yellow)), float(
        np.degrees(np.arctan2(blue_yellow, green_red)) % 360
    )


def _alignment(grain: Grain) -> float:
    """Return the length of the mean doubled direction, weighted by coherence."""
    total = float(grain.coherence.sum())
    if total <= 0:
        return 0.0
    turns = np.exp(2j * grain.angle) * grain.coherence
    return float(np.abs(turns.sum()) / total)


def _repetition(texture: Float32) -> float:
    """Return the highest peak of the autocorrelation beyond its central one, over that one."""
    spectrum = np.fft.rfft2(texture - texture.mean())
    power = np.fft.irfft2(np.abs(spectrum) ** 2, s=texture.shape)
    if power[0, 0] <= 0:
        return 0.0
    rows, cols = (min(side // 2, 64) for side in texture.shape)
    found = []
    for profile in (power[:rows, 0], power[0, :cols]):
        share = profile / power[0, 0]
        # A peak counts from the valley before it: smooth textures have none.
        valley = np.minimum.accumulate(share)
        if share.size > LEAST_LAG:
            found.append(float((share - valley)[LEAST_LAG:].max()))
    return float(np.clip(max(found, default=0.0), 0, 1))


def mean_light(surface: Surface, box: Box) -> NDArray[np.float64]:
    """Return the mean linear light of the part in a box, (C,) float64.

    Off-part pixels do not count unless the box holds nothing else.

    Parameters
    ----------
    surface : Surface
    box : Box
        Inside the picture.
    """
    return tones(surface, box).mean(axis=0)


def white_level(surface: Surface) -> float:
    """Return the linear light of the brightest thing in the picture, its strongest channel."""
    step = max(max(surface.shape) // SAMPLES, 1)
    light = decode(np.ascontiguousarray(surface.pixels[::step, ::step]), surface.encoding)
    return float(np.quantile(light.max(axis=2), BRIGHTEST))


def tones(surface: Surface, box: Box) -> NDArray[np.float64]:
    """Return the linear light of an even subset of the part's pixels in a box, (n, C), n >= 1."""
    step = max(max(box.shape) // SAMPLES, 1)
    rows = slice(box.top + min(step // 2, box.shape[0] - 1), box.bottom, step)
    cols = slice(box.left + min(step // 2, box.shape[1] - 1), box.right, step)
    light = decode(np.ascontiguousarray(surface.pixels[rows, cols]), surface.encoding)
    part = surface.foreground[rows, cols]
    chosen = light[part] if part.any() else light.reshape(-1, surface.channels)
    return np.asarray(chosen, dtype=np.float64)


def brightest_tone(surface: Surface) -> float:
    """Return the linear light of the brightest of the part, over all channels."""
    return float(np.percentile(tones(surface, Box(0, 0, *surface.shape)), BRIGHTEST_TONE))


def relief_shade(surface: Surface, box: Box, reach_px: float) -> Float32:
    """Return the light of the part over its mean around each place, (h, w) float32.

    What a thin film takes over from the relief that it lies on; noise of single pixels is left
    out, and one stands off the part.

    Parameters
    ----------
    surface : Surface
    box : Box
        Inside the picture.
    reach_px : float
        Pixels to every side that the mean is taken over.
    """
    part = surface.foreground[box.slices]
    return shade_of(channel_mean(surface.linear(box)), part, reach_px)


def shade_of(light: Float32, part: Mask, reach: float) -> Float32:
    """Return light over its mean around each place, (h, w) float32; `relief_shade` on any grid.

    Parameters
    ----------
    light : (h, w) float32
        Used up.
    part : (h, w) bool
        What lies elsewhere does not count.
    reach : float
        Cells to every side that the mean is taken over.
    """
    wide = (2 * max(round(reach), 2) + 1,) * 2
    if part.all():
        near, far = (np.asarray(cv2.blur(light, size), np.float32) for size in ((3, 3), wide))
    else:
        weight = part.astype(np.float32)
        light *= weight
        near, far = (
            np.asarray(cv2.blur(light, size) / np.maximum(cv2.blur(weight, size), 1e-3), np.float32)
            for size in ((3, 3), wide)
        )
    near /= np.maximum(far, np.float32(1e-4))
    near[~part] = 1
    return np.clip(near, *SHADES, out=near)


def stuff_elsewhere(
    surface: Surface, box: Box, reach_px: float, rng: np.random.Generator
) -> Float32:
    """Return the part's own grain and speckles from another place, (h, w, C) float32, mean about 1.

    Light over its mean around: colours and texture of the stuff without the part's shading. Of a
    few places the one that holds most of the part is taken; off the part it is 1.

    Parameters
    ----------
    surface : Surface
    box : Box
        Of the size that is wanted, inside the picture.
    reach_px : float
        Pixels to every side that the mean is taken over.
    rng : Generator
    """
    height, width = box.shape
    picks = rng.random(PLACES)
    best, most = box, -1.0
    for row, col in surface.sites[(picks * len(surface.sites)).astype(np.intp)]:
        top = int(min(max(row - height // 2, 0), surface.shape[0] - height))
        left = int(min(max(col - width // 2, 0), surface.shape[1] - width))
        place = Box(top, left, top + height, left + width)
        share = float(surface.foreground[place.slices].mean())
        if share > most:
            best, most = place, share
    part = surface.foreground[best.slices].astype(np.float32)
    light = surface.linear(best) * part[..., None]
    wide = (2 * max(round(reach_px), 2) + 1,) * 2
    near, far = (
        np.asarray(cv2.blur(light, size), np.float32).reshape(light.shape)
        / np.asarray(np.maximum(cv2.blur(part, size), 1e-3), np.float32)[..., None]
        for size in ((2, 2), wide)
    )
    near = np.asarray(near / np.maximum(far, np.float32(1e-3)), np.float32)
    near[part == 0] = 1
    return np.clip(near, *SPECKLES, out=near)

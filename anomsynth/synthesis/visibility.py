"""Strength in units of visibility: find the amplitude that gives the wanted d'.

d' is the root-mean-square visible change inside the mask over the local standard deviation of the
normal surface, both in CIE lightness units. Raw physical amplitudes make half of all defects
near-invisible; a drawn d' makes them as visible as real ones are.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import delta_e, lab
from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.pixels import bands, over_channels
from anomsynth.core.statistics import mean
from anomsynth.core.types import Float32
from anomsynth.recipe.models import Gates
from anomsynth.synthesis.render import Ingredients, compose
from anomsynth.synthesis.scene import Scene

JUST_VISIBLE = 2.3  # CIE 1976 units, the just noticeable difference (Mahy et al. 1994)
TOUCHING = 0.5  # pixels this share of JUST_VISIBLE count if they touch visible ones
GAINS = (0.15, 4.0)
PROBES = 512  # pixels the amplitude is solved on
TOLERANCE = 0.02
RISE = 0.8  # typical slope of log visibility over log gain
STRIDE = 3.0  # largest factor between two gains that are tried
MOST_LOOKS = 12
REFINED_GAINS = (0.7, 1.6)
FAINT_LOOKS = 20
# Texture that is moved or exchanged differs from what was there by at most sqrt(2) of its own
# standard deviation, however plain the fault in its structure is. Half of that is accepted.
STRUCTURAL = 0.7
RIGID = 0.3  # what is gone or moved is a defect however much it looks like its surroundings


class Solution(NamedTuple):
    """Amplitude found and the d' it gives."""

    gain: float
    visibility: float


Probing = Callable[[float], Solution]


def visibility(difference: Float32, normal_sd: float, *, faint: bool = False) -> float:
    """Return d' of a change: rms of delta E where it is visible, over the normal surface's sd.

    What is nowhere just visible has none, unless it may be `faint`: then where it is at least half
    of its largest value.
    """
    least = TOUCHING * JUST_VISIBLE
    if faint and difference.size:
        least = min(least, max(0.5 * float(difference.max()), 1e-6))
    seen = difference[difference >= least]
    if seen.size == 0:
        return 0.0
    seen *= seen
    return float(np.sqrt(mean(seen))) / normal_sd


def least_visible(
    layer: DefectLayer, target: float, lowest: float, gates: Gates, attempt: int = 0
) -> float:
    """Return the d' below which a defect is drawn anew.

    What is rigid, moved or copied is asked no more than the bounds above of the lower end of the
    severity; what can be made stronger, and what is copied, its share of what was drawn as well.

    Parameters
    ----------
    layer : DefectLayer
    target : float
        d' that was drawn for it.
    lowest : float
        Least d' of its mechanism.
    gates : Gates
    attempt : int
        Tries before this one: each asks a little less of what was drawn.
    """
    moved = layer.displacement is not None and layer.coverage is None and layer.absorbance is None
    bound = STRUCTURAL if moved or layer.exposed is not None else lowest
    least = gates.min_visibility * min(lowest, target, RIGID if layer.rigid else bound)
    if layer.rigid or moved:
        return least
    return max(least, gates.reach * (1 - attempt / gates.attempts) * target)


def solve_gain(
    item: Ingredients, target: float, max_clipped: float, *, faint: bool = False
) -> Solution:
    """Find the amplitude that gives visibility `target`, as far as optics allow.

    Parameters
    ----------
    item : Ingredients
        All pixels of the support.
    target : float
        Wanted d'.
    max_clipped : float
        Largest share of visible pixels driven to black or white; caps the amplitude.
    faint : bool
        Whether the target may lie below what is just visible.
    """
    probe = _Probe(item, faint=faint)
    best = _search(probe.measure, target, min(GAINS[1], item.most_gain))
    for _ in range(8):
        if best.gain <= GAINS[0] or probe.clipped(best.gain) <= max_clipped:
            break
        best = probe.measure(best.gain * 0.75)
    return best


def full_strength(item: Ingredients, *, faint: bool = False) -> Solution:
    """Return what amplitude one gives: the defect as depth, material and light have it."""
    return _Probe(item, faint=faint).measure(min(1.0, item.most_gain))


def visibility_at(item: Ingredients, gain: float) -> float:
    """Return the d' that an amplitude gives, also below what is just visible."""
    return _Probe(item, faint=True).measure(gain).visibility


class _Probe:
    """A sample of the support's pixels, rendered at amplitudes to be tried."""

    def __init__(self, item: Ingredients, *, faint: bool = False) -> None:
        count = len(item.before)
        self._faint = faint
        self._item = item if count <= PROBES else item.take(_spread_out(count))
        self._lightness = lab(self._item.before)
        self._seen: tuple[float, Float32, Float32] | None = None

    def measure(self, gain: float) -> Solution:
        _, change = self._look(gain)
        sd = self._item.scene.normal_sd
        return Solution(gain, visibility(change, sd, faint=self._faint))

    def clipped(self, gain: float) -> float:
        """Return the share of visible pixels that the defect drives to black or white."""
        return _clipped_share(self._item.before, *self._look(gain))

    def _look(self, gain: float) -> tuple[Float32, Float32]:
        if self._seen is None or self._seen[0] != gain:  # the last one is often asked for again
            after = compose(self._item, gain)
            self._seen = gain, after, delta_e(lab(after), self._lightness)
        return self._seen[1:]


def _spread_out(count: int) -> NDArray[np.intp]:
    """Return `PROBES` places spread over a list of more pixels."""
    return np.linspace(0, count - 1, PROBES).astype(np.intp)


def _search(measure: Probing, target: float, most: float) -> Solution:
    """Follow the slope in log-log from gain 1; once the target is bracketed, interpolate."""
    found = measure(min(1.0, most))
    low: Solution | None = None
    high: Solution | None = None
    rise = RISE
    for _ in range(MOST_LOOKS):
        if abs(found.visibility - target) <= TOLERANCE * target:
            return found
        if found.visibility < target:
            before, low = low, found
        else:
            before, high = high, found
        if low is not None and high is not None:
            if high.gain <= low.gain * 1.001:
                break
            found = measure(_between(low, high, target))
            continue
        if before is not None:
            rise = _slope(before, found)
        gain = _beyond(found, target, rise, most)
        if gain == found.gain:
            return found  # as far as the amplitude goes
        found = measure(gain)
    known = [one for one in (low, high, found) if one is not None]
    return min(known, key=lambda s: abs(s.visibility - target))


def _slope(first: Solution, second: Solution) -> float:
    """Return how fast visibility rises with the gain, in log-log, within reason."""
    reach = np.log(second.gain / first.gain)
    rise = np.log(max(second.visibility, 1e-3) / max(first.visibility, 1e-3))
    return float(min(max(rise / reach, 0.4), 2.0))


def _beyond(found: Solution, target: float, rise: float, most: float) -> float:
    """Extrapolate the gain, a little too far so that the target is soon bracketed."""
    factor = (target / max(found.visibility, 1e-3)) ** (1 / rise)
    factor = min(max(factor, 1 / STRIDE), STRIDE)
    return min(max(found.gain * factor, GAINS[0]), most)


def _between(low: Solution, high: Solution, target: float) -> float:
    """Interpolate the gain in log-log, kept away from the ends so that both brackets shrink."""
    reach = np.log(high.gain / low.gain)
    rise = np.log(high.visibility / max(low.visibility, 1e-3))
    share = np.log(target / max(low.visibility, 1e-3)) / rise if rise > 1e-6 else 0.5
    return float(low.gain * np.exp(reach * min(max(share, 0.1), 0.9)))


def _clipped_share(before: Float32, after: Float32, change: Float32) -> float:
    seen = change >= TOUCHING * JUST_VISIBLE
    if not seen.any():
        return 0.0
    top, bottom = np.float32(0.985), np.float32(6e-4)  # grey levels 253 and 2 of 255
    newly = ((after >= top) & (before < top)) | ((after <= bottom) & (before > bottom))
    if not newly.any():
        return 0.0
    return float(over_channels(np.logical_or, newly)[seen].mean())


def keep_visibility(
    change: Change, scene: Scene, target: float, *, faint: bool = False
) -> tuple[Change, float] | None:
    """Scale a refined change back to the visibility it had, to within 3 %.

    Returns the change and the factor used, or None if the factor would leave `REFINED_GAINS`:
    the refiners have then made another defect of it. A `faint` one may lie below what is just
    visible, and be scaled down as far as that.
    """
    if target <= 0:  # nothing of it is seen: a faint one stays so, others have become another one
        return (change, 1.0) if faint else None
    index = change.index
    if index.size > PROBES:
        index = index.take(_spread_out(index.size))
    channels = change.before.shape[2]
    before = change.before.reshape(-1, 1, channels).take(index, axis=0)
    step = change.after.reshape(-1, 1, channels).take(index, axis=0) - before
    lightness = lab(before)
    factor = 1.0
    lowest = 0.0 if faint else REFINED_GAINS[0]
    for _ in range(FAINT_LOOKS if faint else 6):
        after = (before + np.float32(factor) * step).clip(0, 1)
        reached = visibility(delta_e(lab(after), lightness), scene.normal_sd, faint=faint)
        if reached <= 0:
            return None
        if abs(reached / target - 1) <= TOLERANCE:
            break
        factor *= min(max(target / reached, 0.5), 2.0)
        if not lowest * 0.8 <= factor <= REFINED_GAINS[1] * 1.2:
            break
    if not lowest <= factor <= REFINED_GAINS[1]:
        return None
    return (change if factor == 1.0 else diluted(change, factor)), factor


def diluted(change: Change, factor: float) -> Change:
    """Return a change at a multiple of its difference in linear light."""
    scaled = np.empty_like(change.after)
    for rows in bands(*change.after.shape[:2]):
        part = change.after[rows] - change.before[rows]
        part *= np.float32(factor)
        part += change.before[rows]
        part.clip(0, 1, out=scaled[rows])
    return replace(change, after=scaled)

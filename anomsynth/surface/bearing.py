"""Which places of a surface a flat tool touches first: heights read off a photo, bearing area."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.core.color import decode
from anomsynth.core.pixels import channel_mean
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.grid import Grid
from anomsynth.surface.appearance import shade_of

ROUGH = 0.06  # relative: light that varies so much shows all of the relief
HIGHEST = 3.0  # standard deviations
LOGISTIC = 1.702  # of the logistic curve that stands for the normal one
YIELD = 0.3  # standard deviations over which a place that is seen comes into contact
LEAST_LOAD = 1e-3
NEVER = np.float32(40)  # log odds against contact, from where on they are all one
CELLS = 400  # a side at most: finer relief of large photos is left out


@dataclass(frozen=True, slots=True, eq=False)
class Bearing:
    """Heights of a surface about their local mean, in standard deviations.

    Attributes
    ----------
    height : (h, w) float32
        What the photo shows of them.
    unseen : float in [0, 1]
        Standard deviation of the rest: all of it on a smooth surface.
    """

    height: Float32
    unseen: float

    def contact(self, odds: Float32) -> Float32:
        """Return how much of each place touches a flat tool, (h, w) float32 in [0, 1].

        The load is the share of the area that bears it [1]_: of normal heights those above
        ``-Phi^-1(load)``, so the highest places come first and the lowest last. Of heights that
        are not seen each place bears the same share, the load.

        Parameters
        ----------
        odds : (h, w) float32
            Of the load, see `odds_of`; the array is used up.

        References
        ----------
        .. [1] E. J. Abbott, F. A. Firestone, "Specifying surface quality", Mechanical Engineering
           55, 1933.
        """
        soft = math.hypot(self.unseen, YIELD)
        # What sets in little by little has a wider distribution of heights.
        wide = math.sqrt(1 + YIELD**2) / LOGISTIC
        odds *= np.float32(wide)
        odds += self.height
        odds *= np.float32(-LOGISTIC / soft)
        np.exp(np.minimum(odds, NEVER, out=odds), out=odds)
        odds += 1
        return np.reciprocal(odds, out=odds)


def odds_of(load: Float32) -> Float32:
    """Return ``log(p / (1 - p))`` of the share p of the area that bears a load."""
    share = np.clip(load, LEAST_LOAD, 1 - LEAST_LOAD)
    return np.asarray(np.log(share / (1 - share)), dtype=np.float32)


def read_bearing(surface: Surface, box: Box, reach_px: float) -> Bearing:
    """Read the relief of a place off its light.

    High places of a matt relief are light, and low ones, which see less of the sky, dark.

    Parameters
    ----------
    surface : Surface
    box : Box
        Inside the picture.
    reach_px : float
        Pixels to every side whose mean is height 0.
    """
    grid = Grid.over(box, CELLS)
    light = decode(grid.reduce(surface.pixels[box.slices]), surface.encoding)
    part = grid.pick(surface.foreground[box.slices])
    height = shade_of(channel_mean(light), part, max(reach_px / grid.step, 1.0))
    height -= 1
    some = height[part]
    spread = float(some.std()) if some.size else 0.0
    seen = min(spread / ROUGH, 1.0)
    height *= np.float32(1 / max(spread, ROUGH))
    np.clip(height, -HIGHEST, HIGHEST, out=height)
    return Bearing(grid.refine(height), math.sqrt(1 - seen * seen))

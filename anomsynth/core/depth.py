"""How many bits a camera used of 16-bit numbers, and the way to the full range and back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError

FULL_BITS = 16
FULL = 65535
USUAL = (8, 10, 12, 14, FULL_BITS)  # bits of sensors and of files
LAST_BIT = FULL >> 1  # above it the 16th bit is set
FAR_BELOW = LAST_BIT >> 1  # no level lies between what is stray and what is not
STRAY, STRAY_SHARE = 9, 1e-4  # numbers, or which share of many: a dead pixel and its neighbours
MOST_STRAY = 0.01  # share of a picture of few pixels
FEWEST_FULL = 2  # photos that end at one level: one may do so by chance


@dataclass(frozen=True, slots=True)
class Depth:
    """The numbers that 16-bit pixels of a camera may hold: ``level << shift``, level of `bits`.

    Attributes
    ----------
    bits : int, 8 to 16
    shift : int, 0 to 16 - bits
        Low bits that are always empty: sensors' levels stand at the upper end of some files.
    clipped : int
        How many numbers of the photos are no levels of the camera, and count as the highest one.
    """

    bits: int = FULL_BITS
    shift: int = 0
    clipped: int = 0

    @property
    def top(self) -> int:
        """The highest level."""
        return (1 << self.bits) - 1

    @property
    def is_full(self) -> bool:
        """Whether every 16-bit number may occur."""
        return self.bits == FULL_BITS

    def widen(self, pixels: NDArray[np.generic]) -> NDArray[np.uint16]:
        """Spread uint16 pixels, any shape, over 0..65535.

        Raises
        ------
        InputError
            If a pixel is brighter than `bits` can tell, and those are not known to be few.
        """
        levels = pixels.astype(np.uint16) >> np.uint16(self.shift)
        if self.clipped:
            levels = np.minimum(levels, np.uint16(self.top))
        if levels.size and int(levels.max()) > self.top:
            msg = f"holds the value {int(pixels.max())}, above {self.top << self.shift}"
            raise InputError(
                f"{msg} ({self.bits} bits)", hint="all photos of a category need one depth: `bits`"
            )
        return self._spread()[levels]

    def narrow(self, pixels: NDArray[np.generic]) -> NDArray[np.uint16]:
        """Return pixels of 0..65535 as the camera would write them; undoes `widen` exactly."""
        scale = np.float32(self.top / FULL)
        levels = np.rint(pixels.astype(np.float32) * scale).astype(np.uint16)
        return levels << np.uint16(self.shift)

    def quantise(self, levels: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Round grey levels in [0, 255] to those the camera knows, spread over 0..65535."""
        steps = np.rint(levels * np.float32(self.top / 255)).clip(0, self.top).astype(np.uint16)
        return self._spread()[steps]

    def _spread(self) -> NDArray[np.uint16]:
        return np.rint(np.arange(self.top + 1) * (FULL / self.top)).astype(np.uint16)


@dataclass(frozen=True, slots=True)
class Levels:
    """What 16-bit pixels hold, of one photo or of many.

    Attributes
    ----------
    count : int
        Numbers: one for each pixel and colour.
    highest : int
        The largest one, or what the file says could have been.
    body : int
        The largest one that needs no 16th bit.
    bright : int
        How many need it.
    used : int
        All of them but 65535, bit by bit or-ed: which bits are ever set.
    white : int
        How many are 65535.
    """

    count: int = 0
    highest: int = 0
    body: int = 0
    bright: int = 0
    used: int = 0
    white: int = 0

    @classmethod
    def of(cls, pixels: NDArray[np.generic], stated: int = 0) -> "Levels":
        """Return those of uint16 pixels, any shape, of a file that says the highest it may hold."""
        highest = int(pixels.max(initial=0))
        if highest <= LAST_BIT:
            used = int(np.bitwise_or.reduce(pixels, axis=None))
            body = max(highest, stated if stated <= LAST_BIT else 0)
            return cls(pixels.size, max(highest, stated), body, 0, used)
        is_bright, is_white = np.greater(pixels, LAST_BIT), np.equal(pixels, FULL)
        body = int(pixels.max(initial=0, where=~is_bright))
        return cls(
            pixels.size,
            max(highest, stated),
            max(body, stated if stated <= LAST_BIT else 0),
            int(np.count_nonzero(is_bright)),
            int(np.bitwise_or.reduce(pixels, axis=None, where=~is_white)),
            int(np.count_nonzero(is_white)),
        )

    def __add__(self, other: "Levels") -> "Levels":
        return Levels(
            self.count + other.count,
            max(self.highest, other.highest),
            max(self.body, other.body),
            self.bright + other.bright,
            self.used | other.used,
            self.white + other.white,
        )

    def are_stray(self, numbers: int) -> bool:
        """Whether so many numbers are few enough to be dead pixels or marks."""
        return 0 < numbers <= min(max(STRAY, STRAY_SHARE * self.count), MOST_STRAY * self.count)


def depth_of(levels: Levels) -> Depth:
    """Return the depth of a camera by what its pixels hold.

    A few numbers that alone need the 16th bit, far above all others, are no levels of the camera:
    a dead pixel that a program has set to white, a mark. They count as the highest level.
    """
    if levels.highest == 0:
        return Depth()
    stray = levels.white if levels.are_stray(levels.white) else 0
    used = levels.used if stray or not levels.white else FULL
    empty = (used & -used).bit_length() - 1
    if used.bit_length() == FULL_BITS and empty >= 2:  # levels at the upper end
        bits = next(bits for bits in USUAL if bits >= FULL_BITS - empty)
        return Depth(bits, FULL_BITS - bits, stray)
    if levels.are_stray(levels.bright) and 0 < levels.body <= FAR_BELOW:
        return Depth(_usual(levels.body), clipped=levels.bright)
    return Depth(_usual(levels.highest))


def surely_less(photos: Sequence[Levels]) -> tuple[int, list[int]]:
    """Return which photos of a camera surely have less depth than the others, and its bits.

    Dark photos use few bits, too: sure is only that several end at exactly the highest level of a
    smaller depth, and no fewer than end somewhere below it. Nothing of 0 bits if that is not so.

    Parameters
    ----------
    photos : what each of them holds
    """
    deepest = depth_of(sum(photos, Levels())).bits
    ends = [one.body if one.are_stray(one.bright) or not one.bright else 0 for one in photos]
    for bits in USUAL:
        top = Depth(bits).top
        full = [at for at, end in enumerate(ends) if end == top]
        below = sum(0 < end < top for end in ends)
        if bits < deepest and len(full) >= max(FEWEST_FULL, below):
            return bits, full
    return 0, []


def _usual(highest: int) -> int:
    return next(bits for bits in USUAL if bits >= highest.bit_length())

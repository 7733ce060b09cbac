"""How many bits a camera used of 16-bit numbers, and the way to the full range and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError

FULL_BITS = 16
FULL = 65535
USUAL = (8, 10, 12, 14, FULL_BITS)  # bits of sensors and of files


@dataclass(frozen=True, slots=True)
class Depth:
    """The numbers that 16-bit pixels of a camera may hold: ``level << shift``, level of `bits`.

    Attributes
    ----------
    bits : int, 8 to 16
    shift : int, 0 to 16 - bits
        Low bits that are always empty: sensors' levels stand at the upper end of some files.
    """

    bits: int = FULL_BITS
    shift: int = 0

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
            If a pixel is brighter than `bits` can tell.
        """
        levels = pixels.astype(np.uint16) >> np.uint16(self.shift)
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


def depth_of(highest: int, used: int) -> Depth:
    """Return the depth of a camera by what its pixels hold.

    Parameters
    ----------
    highest : int
        The largest value.
    used : int
        All values, bit by bit or-ed: which bits are ever set.
    """
    if highest == 0:
        return Depth()
    empty = (used & -used).bit_length() - 1
    if highest.bit_length() == FULL_BITS and empty >= 2:  # levels at the upper end
        bits = next(bits for bits in USUAL if bits >= FULL_BITS - empty)
        return Depth(bits, FULL_BITS - bits)
    return Depth(next(bits for bits in USUAL if bits >= highest.bit_length()))

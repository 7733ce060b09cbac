"""Drawn defects that stand in for the real ones nobody has at hand."""

import cv2
import numpy as np

from anomsynth.core.cutout import Cutout
from anomsynth.core.rng import stream

SIDE = 64  # pixels of a patch
PICTURE = 256  # pixels of the longer side of the picture it would be from
SURFACE, DARK, BRIGHT = 150, 70, 225  # grey levels


class StandInDefects:
    """A dark spot, a bright scratch and a chipped edge, on a plain grey surface."""

    def pick(self, rng: np.random.Generator) -> Cutout:
        """Return one of them; uses one random number."""
        return (_spot, _scratch, _chip)[int(rng.random() * 3)]()


def _drawn(shape: np.ndarray, level: int, part: np.ndarray) -> Cutout:
    noise = stream(0, "stand-in defects").normal(0, 2, (SIDE, SIDE, 3))
    levels = SURFACE + noise
    levels[shape > 0] += level - SURFACE
    levels[part == 0] = 10
    pixels = levels.clip(0, 255).astype(np.uint8)
    mask = cv2.dilate(shape, np.ones((3, 3), np.uint8)) > 0
    return Cutout(pixels, mask & (part > 0), part > 0, PICTURE)


def _spot() -> Cutout:
    shape = cv2.circle(np.zeros((SIDE, SIDE), np.uint8), (32, 32), 7, 1, cv2.FILLED)
    return _drawn(shape, DARK, np.ones((SIDE, SIDE), np.uint8))


def _scratch() -> Cutout:
    shape = cv2.line(np.zeros((SIDE, SIDE), np.uint8), (12, 40), (52, 26), 1, 2)
    return _drawn(shape, BRIGHT, np.ones((SIDE, SIDE), np.uint8))


def _chip() -> Cutout:
    part = np.ones((SIDE, SIDE), np.uint8)
    part[:26] = 0
    shape = cv2.ellipse(np.zeros((SIDE, SIDE), np.uint8), (32, 26), (12, 8), 0, 0, 360, 1, -1)
    return _drawn(shape, DARK, part)

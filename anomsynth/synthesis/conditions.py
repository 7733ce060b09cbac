"""Conditions under which a camera sees what it saw: out of focus, too dark, noisier, compressed."""

from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from anomsynth.core.color import decode, encode_levels, quantise, to_levels
from anomsynth.core.pixels import bands
from anomsynth.errors import InputError

COLOURS = 3  # planes that are compressed together
MOST_EV, MOST_PX, MOST_LEVELS = 6.0, 50.0, 100.0


class Conditions(BaseModel):
    """How a camera differs from the one that took the photos; by default it does not.

    Attributes
    ----------
    exposure : float in [-6, 6]
        Stops: light times ``2**exposure``, cut off at white.
    defocus : float in [0, 50]
        Standard deviation of the blur, pixels; it blurs light, not encoded levels.
    noise : float in [0, 100]
        Standard deviation of what the sensor adds, grey levels of 255.
    jpeg : int in [1, 100], or None
        Quality of the compression that the picture went through.
    light_deg : float in (0, 90], or None
        Height of the light over the surface in which defects are seen; a photo's own shading
        stays, because one photo does not tell it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    exposure: Annotated[float, Field(ge=-MOST_EV, le=MOST_EV)] = 0.0
    defocus: Annotated[float, Field(ge=0, le=MOST_PX)] = 0.0
    noise: Annotated[float, Field(ge=0, le=MOST_LEVELS)] = 0.0
    jpeg: Annotated[int, Field(ge=1, le=100)] | None = None
    light_deg: Annotated[float, Field(gt=0, le=90)] | None = None

    @property
    def changes_pictures(self) -> bool:
        """Whether a finished picture looks otherwise under them."""
        return bool(self.exposure or self.defocus or self.noise or self.jpeg)

    def apply(
        self, pixels: NDArray[np.generic], encoding: str, rng: np.random.Generator
    ) -> NDArray[np.generic]:
        """Return a picture as it looks under these conditions, of the same type and shape.

        Parameters
        ----------
        pixels : (H, W) or (H, W, C) uint8 or uint16, without alpha
        encoding : {"srgb", "linear"}
        rng : random stream of the noise

        Raises
        ------
        InputError
            If a picture of more than 8 bits is to be compressed as JPEG.
        """
        if not self.changes_pictures:
            return pixels
        planes = pixels if pixels.ndim == 3 else pixels[..., None]
        if self.exposure or self.defocus:
            planes = self._exposed(planes, encoding)
        if self.noise:
            planes = self._noisy(planes, rng)
        if self.jpeg is not None:
            planes = _compressed(planes, self.jpeg)
        return np.ascontiguousarray(planes.reshape(pixels.shape))

    def _exposed(self, planes: NDArray[np.generic], encoding: str) -> NDArray[np.generic]:
        light = decode(planes, encoding)
        if self.defocus:
            blurred = cv2.GaussianBlur(
                light, (0, 0), self.defocus, borderType=cv2.BORDER_REFLECT_101
            )
            light = np.asarray(blurred, np.float32).reshape(light.shape)
        light = np.minimum(light * np.float32(2.0**self.exposure), 1)
        out = np.empty(planes.shape, planes.dtype)
        for rows in bands(*planes.shape[:2]):
            out[rows] = quantise(encode_levels(light[rows], encoding), planes.dtype)
        return out

    def _noisy(self, planes: NDArray[np.generic], rng: np.random.Generator) -> NDArray[np.generic]:
        out = np.empty(planes.shape, planes.dtype)
        for rows in bands(*planes.shape[:2]):
            levels = to_levels(planes[rows])
            levels += np.float32(self.noise) * rng.standard_normal(levels.shape, np.float32)
            out[rows] = quantise(levels.clip(0, 255), planes.dtype)
        return out


def _compressed(planes: NDArray[np.generic], quality: int) -> NDArray[np.generic]:
    if planes.dtype != np.uint8:
        msg = f"JPEG holds 8 bits, the picture {8 * planes.dtype.itemsize}"
        raise InputError(msg, hint="leave `jpeg` out, or convert the photos")
    colour = planes.shape[2] == COLOURS
    shown = planes[..., ::-1] if colour else planes[..., 0]
    _, coded = cv2.imencode(
        ".jpg", np.ascontiguousarray(shown), (cv2.IMWRITE_JPEG_QUALITY, quality)
    )
    flag = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    seen = np.asarray(cv2.imdecode(coded, flag))
    return seen[..., ::-1] if colour else seen[..., None]

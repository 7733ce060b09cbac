"""Wrinkles of a stiff film on a soft base: their wavelength, amplitude and patterns."""

import math

import cv2
import numpy as np
import scipy.fft

from anomsynth.core.types import Float32
from anomsynth.fields.noise import value_noise
from anomsynth.fields.relief import fade

RING_WIDTH = 0.15  # relative bandwidth of the wavelengths
LOBE = 0.18  # radians: spread of directions under uniaxial compression
ZIGZAG = 7.0  # wavelengths between the corners of a herringbone's zigzag
ROUNDED = 0.25  # wavelengths over which those corners are rounded
SWAY = 0.35  # wavelengths by which a zigzag's corners leave a straight line
WOBBLE = 0.12  # wavelengths by which single crests do
WINDING = 5.0  # wavelengths between the bends of a crest
SHARPEST = 2.0  # exponent of the narrowest ridges
HIGHEST = 1.4  # of a wave that is focused
JOG_DEG = 45.0  # half the angle between a herringbone's arms is 90 deg less this


def wavelength(thickness: float, modulus_ratio: float) -> float:
    """Return ``2 pi h (Ef / 3 Es)**(1/3)`` in the unit of the thickness [1]_ [2]_.

    Parameters
    ----------
    thickness : float
        Of the film.
    modulus_ratio : float
        Plane-strain modulus of the film over that of the base, > 0.

    References
    ----------
    .. [1] N. Bowden et al., "Spontaneous formation of ordered structures in thin films of metals
       supported on an elastomeric polymer", Nature 393, 1998.
    .. [2] X. Chen, J. W. Hutchinson, "Herringbone buckling patterns of compressed thin films on
       compliant substrates", Journal of Applied Mechanics 71, 2004.
    """
    return 2 * math.pi * thickness * (modulus_ratio / 3) ** (1 / 3)


def critical_strain(modulus_ratio: float) -> float:
    """Return the strain at which a film wrinkles, ``(1/4) (3 Es / Ef)**(2/3)``."""
    return 0.25 * (3 / modulus_ratio) ** (2 / 3)


def amplitude(thickness: float, strain_ratio: float) -> float:
    """Return ``h sqrt(e / ec - 1)``, 0 at or below the critical strain."""
    return thickness * math.sqrt(max(strain_ratio - 1, 0.0))


def wave_field(
    shape: tuple[int, int], length: float, angle: float | None, rng: np.random.Generator
) -> Float32:
    """Draw wrinkles of one wavelength with random phase, amplitude about 1.

    Parameters
    ----------
    shape : (int, int)
    length : float
        Wavelength, cells, >= 2.
    angle : float or None
        Direction of the compression, radians, 0 = along columns: crests run across it. None:
        equal in all directions, a labyrinth.
    rng : Generator

    Returns
    -------
    (h, w) float32, standard deviation sqrt(1/2), that of a sine of amplitude 1

    Notes
    -----
    White noise through a ring ``exp(-((k L - 1) / bw)**2 / 2)``, cut to two lobes under uniaxial
    compression.
    """
    grid = tuple(scipy.fft.next_fast_len(side + round(2 * length), real=True) for side in shape)
    spectrum = scipy.fft.rfft2(rng.standard_normal(grid, dtype=np.float32))
    down = np.fft.fftfreq(grid[0])[:, None].astype(np.float32)
    right = np.fft.rfftfreq(grid[1])[None, :].astype(np.float32)
    wavenumber = np.sqrt(down * down + right * right) * np.float32(length)
    gain = np.exp(-0.25 * ((wavenumber - 1) / np.float32(RING_WIDTH)) ** 2)
    if angle is not None:
        aside = np.arctan2(down, right) - np.float32(angle)
        aside = np.abs(np.remainder(aside + np.float32(np.pi / 2), np.float32(np.pi)) - np.pi / 2)
        gain = gain * np.exp(-0.25 * (aside / np.float32(LOBE)) ** 2)
    field = scipy.fft.irfft2(spectrum * gain, s=grid)[: shape[0], : shape[1]]
    spread = float(field.std())
    if spread < 1e-12:
        return np.zeros(shape, dtype=np.float32)
    return np.asarray(field * (math.sqrt(0.5) / spread), dtype=np.float32)


def herringbone(
    shape: tuple[int, int], length: float, angle: float, rng: np.random.Generator
) -> Float32:
    """Draw a zigzag of crests, as biaxial compression gives just above its threshold.

    The crests' phase is shifted to and fro along them, which leaves their distance across the
    arms at one wavelength. Parameters and result as of `wave_field`.
    """
    cos, sin = math.cos(angle), math.sin(angle)
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    cols = np.arange(shape[1], dtype=np.float32)[None, :]
    along = cos * cols + sin * rows
    across = cos * rows - sin * cols
    slow = value_noise(shape, 4 * length, rng) * np.float32(SWAY * length)
    phase = (across + slow) / np.float32(ZIGZAG * length) + np.float32(rng.random())
    triangle = 2 * np.abs(2 * (phase - np.floor(phase)) - 1) - 1  # of period 1, in [-1, 1]
    blur = max(ROUNDED * length, 0.5)
    triangle = cv2.GaussianBlur(triangle.astype(np.float32), (0, 0), blur)
    jog = triangle.reshape(shape) * np.float32(ZIGZAG * length / 4)
    tilt = math.tan(math.radians(JOG_DEG))
    stretch = math.cos(math.radians(JOG_DEG))  # crests lie closer across tilted arms
    wobble = value_noise(shape, 3 * length, rng) * np.float32(WOBBLE * length)
    place = (along + tilt * jog + wobble) * np.float32(stretch / length)
    return np.sin(np.float32(2 * np.pi) * place + np.float32(6.28 * rng.random())).astype(
        np.float32
    )


def star(
    shape: tuple[int, int],
    length: float,
    middle: tuple[float, float],
    reach: float,
    rng: np.random.Generator,
) -> Float32:
    """Draw wrinkles that run out from one place, as about a point that is pulled or pressed in.

    Their number stays, so the wavelength grows with the distance; it is `length` at `reach`. Where
    they would be finer than half of that they have died out.

    Parameters
    ----------
    shape : (int, int)
    length : float
        Wavelength, cells, >= 2.
    middle : (float, float)
        Row and column of that place, cells.
    reach : float
        Cells.
    rng : Generator

    Returns
    -------
    (h, w) float32, a sine of amplitude 1
    """
    down = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(middle[0])
    right = np.arange(shape[1], dtype=np.float32)[None, :] - np.float32(middle[1])
    count = max(round(2 * math.pi * reach / length), 3)
    angle = np.arctan2(down, right) * np.float32(count)
    away = np.hypot(down, right) * np.float32(1 / max(reach, 1.0))
    alive = fade(2.5 * away - 0.5)
    wobble = np.float32(2 * WOBBLE) * value_noise(shape, 3 * length, rng)
    waves = np.sin(angle + np.float32(2 * np.pi) * (wobble + np.float32(rng.random())))
    return np.asarray(waves * alive, dtype=np.float32)


def bent(field: Float32, length: float, wavelengths: float, rng: np.random.Generator) -> Float32:
    """Bend crests: look a field up at places that wander by some `wavelengths`, rms."""
    rows, cols = (
        np.arange(count, dtype=np.float32).reshape(side)
        + np.float32(wavelengths * length) * value_noise(field.shape, WINDING * length, rng)
        for count, side in zip(field.shape, ((-1, 1), (1, -1)), strict=True)
    )
    bent_field = cv2.remap(field, cols, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(bent_field, dtype=np.float32).reshape(field.shape)


def focused(field: Float32, focus: float) -> Float32:
    """Return waves whose bending gathers in ridges, of the same mean square [1]_.

    Far above the threshold a sheet bends sharply along narrow ridges and is nearly flat between
    them. The profile ``exp(s sin)`` goes from a sine, s = 0, to narrow ridges; its mean is 0.

    References
    ----------
    .. [1] L. Pocivavsek et al., "Stress and fold localization in thin elastic membranes", Science
       320, 2008.
    """
    if focus <= 0:
        return field
    square = float((field * field).mean())
    ridges = np.exp(np.float32(SHARPEST * focus) * np.clip(field, -HIGHEST, HIGHEST))
    ridges -= ridges.mean()
    ridges *= np.float32(math.sqrt(square / max(float((ridges * ridges).mean()), 1e-12)))
    return ridges.astype(np.float32, copy=False)

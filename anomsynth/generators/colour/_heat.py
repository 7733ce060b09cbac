"""Heat: how warm a sheet gets around a spot or a pass, and what that leaves on it."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.fields.pigments import LUMINANCE

Float64 = NDArray[np.float64]
Floating = NDArray[np.floating]

ZERO_C = 273.15  # kelvin
AMBIENT_C = 20.0
STRAW = 20.0, 478.0  # nm of oxide after a short hold at this many kelvin
OXIDATION = 2600.0  # kelvin; fitted to the temper colours of plain steel, effective not kinetic
SCORCH = 15000.0, 530.0  # activation energy over R, and where the damage is 1; both kelvin
LEAST_GAIN = 0.02

# Gain of reflected light by an oxide film of 0, 10, 20 ... nm on steel: two-beam interference with
# n = 2.4 - 0.05i, integrated with the CIE colour matching functions.
INTERFERENCE = np.array(
    [
        (1.00, 1.00, 1.00),
        (0.88, 0.83, 0.73),
        (0.68, 0.56, 0.31),
        (0.41, 0.22, 0.01),
        (0.11, 0.01, 0.18),
        (0.00, 0.13, 0.57),
        (0.09, 0.43, 0.87),
        (0.37, 0.70, 1.00),
        (0.62, 0.88, 1.03),
        (0.82, 0.97, 0.94),
        (0.95, 1.00, 0.71),
        (1.03, 0.95, 0.36),
        (1.08, 0.79, 0.05),
        (1.08, 0.53, 0.04),
        (0.95, 0.23, 0.31),
    ]
)
FILM_NM = 10.0 * np.arange(len(INTERFERENCE))


def heat_kernel(squared: Floating, diffusivity: float, time: float) -> Floating:
    """Return the temperature of an instantaneous spot in a sheet, total heat 1.

    ``exp(-r**2 / 4 a t) / (4 pi a t)``: its second moment is ``4 a t``.

    Parameters
    ----------
    squared : array
        Squared distance from the spot.
    diffusivity : float
        a, squared length per time; steel 4-15, aluminium 60-90, wood 0.15 mm**2/s.
    time : float > 0
    """
    spread = 4 * diffusivity * time
    return np.exp(-squared / spread) / (np.pi * spread)


def oxide_thickness(celsius: Floating, hold: float = 1.0) -> Floating:
    """Return the oxide that a hold at this temperature grows on plain steel, nanometers.

    ``20 nm exp(2600 (1/478 - 1/T)) sqrt(hold)``; `hold` in units of a short hold. Gives straw at
    205 C, brown at 260, purple at 282, blue at 310, light blue at 337.
    """
    thickness, kelvin = STRAW
    return (
        thickness
        * np.sqrt(hold)
        * np.exp(OXIDATION * (1 / kelvin - 1 / (np.maximum(celsius, AMBIENT_C) + ZERO_C)))
    )


def damage(celsius: Floating, hold: float = 1.0) -> Floating:
    """Return the Arrhenius damage of organic matter, ``hold * exp(E/R (1/T0 - 1/T))``.

    The share that has turned brown is ``1 - exp(-damage)``.
    """
    energy, kelvin = SCORCH
    return hold * np.exp(energy * (1 / kelvin - 1 / (np.maximum(celsius, AMBIENT_C) + ZERO_C)))


def film_gains(unevenness_nm: float, purity: float) -> tuple[Float64, Float64]:
    """Tabulate the gain of reflected light by the oxide's thickness.

    Parameters
    ----------
    unevenness_nm : float > 0
        Standard deviation of the thickness within a pixel; washes colours out.
    purity : float in [0, 1]
        1: the film's colours alone; the rest is neutral scatter of the same luminance.

    Returns
    -------
    thickness : (N,) float64, nanometers
    gains : (N, 3) float64 > 0; exactly 1 without a film
    """
    fine = np.arange(0, FILM_NM[-1] + 1)
    table = np.stack([np.interp(fine, FILM_NM, column) for column in INTERFERENCE.T], axis=1)
    kernel = np.exp(-(((fine[:, None] - fine) / max(unevenness_nm, 1e-3)) ** 2) / 2)
    smooth = kernel @ table / kernel.sum(axis=1, keepdims=True)
    grey = (smooth @ LUMINANCE)[:, None]
    mixed = purity * smooth + (1 - purity) * (0.5 * grey + 0.5)
    start = np.clip(fine / 10, 0, 1)[:, None]  # no film, no change
    return fine, np.maximum(1 + (mixed - 1) * start, LEAST_GAIN)

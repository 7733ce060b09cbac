"""Colours of materials: iron oxides, Kubelka-Munk mixtures, films, and what a grey photo shows."""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
OXIDISED = np.array([0.2, 0.75, 2.2])  # yellowing by oxidation: more so towards blue
AGES = 96  # nodes of the age axis of rust
RELATIVE = (0.03, 6.0)  # of the surface's light; beyond, no diffuse material goes

# Linear-light albedo of iron oxides, from their Munsell notations (Schwertmann & Cornell 2000).
OXIDES: dict[str, tuple[float, float, float]] = {
    "goethite, fine": (0.841, 0.536, 0.218),
    "goethite, coarse": (0.356, 0.160, 0.048),
    "lepidocrocite": (0.595, 0.227, 0.069),
    "lepidocrocite, dark": (0.305, 0.071, 0.019),
    "ferrihydrite": (0.133, 0.047, 0.027),
    "hematite": (0.323, 0.064, 0.031),
    "hematite, dark": (0.176, 0.033, 0.036),
    "magnetite": (0.026, 0.026, 0.030),
}
# Which oxide leads at which age in [0, 1]: fresh rust is orange, old rust brown and black.
_LEADS_AT = {
    "goethite, fine": 0.0,
    "lepidocrocite": 0.15,
    "goethite, coarse": 0.38,
    "lepidocrocite, dark": 0.55,
    "hematite": 0.68,
    "ferrihydrite": 0.8,
    "hematite, dark": 0.9,
    "magnetite": 1.05,
}


def absorbed_over_scattered(reflectance: Float64) -> Float64:
    """Return K/S of an opaque layer, ``(1 - R)**2 / (2 R)`` (Kubelka & Munk 1931); R in (0, 1]."""
    return (1 - reflectance) ** 2 / (2 * reflectance)


def opaque_reflectance(ratio: Float64) -> Float64:
    """Return the reflectance of an opaque layer of given K/S, ``1 + q - sqrt(q**2 + 2 q)``."""
    return 1 + ratio - np.sqrt(ratio * ratio + 2 * ratio)


def mixed_reflectance(weights: Float64, reflectances: Float64) -> Float64:
    """Return the colour of a mixture of pigments: K/S add by weight [1]_.

    Parameters
    ----------
    weights : (..., P) float64, >= 0
        Shares of the pigments; normalised to sum 1.
    reflectances : (P, C) float64 in (0, 1]

    Returns
    -------
    (..., C) float64 in (0, 1]

    References
    ----------
    .. [1] V. Barron, J. Torrent, "Use of the Kubelka-Munk theory to study the influence of iron
       oxides on soil colour", Journal of Soil Science 37, 1986.
    """
    shares = weights / weights.sum(axis=-1, keepdims=True)
    return opaque_reflectance(shares @ absorbed_over_scattered(reflectances))


def rust_colours(spread: float, lean: Float64) -> Float64:
    """Tabulate the colour of rust by age, (AGES, 3) float64 linear albedo.

    Parameters
    ----------
    spread : float > 0
        How many neighbours on the age axis mix: 0.05 nearly pure, 0.3 muddy.
    lean : (P,) float64 > 0
        Weights by which this rust prefers some oxides, P as in `OXIDES`.
    """
    age = np.linspace(0, 1, AGES)[:, None]
    leads = np.array([_LEADS_AT[name] for name in OXIDES])
    weights = lean * np.exp(-(((age - leads) / spread) ** 2) / 2) + 1e-9
    return mixed_reflectance(weights, np.array(list(OXIDES.values())))


def film_depth(reflectance: Float64) -> Float64:
    """Return the optical depth of a film just thick enough to look like its pigment."""
    return -0.5 * np.log(np.clip(reflectance, 1e-3, 1))


def paint(lightness: float, saturation: float, hue: float) -> Float64:
    """Return a coating of some luminance albedo, hue (share of a turn) and saturation, (3,)."""
    turns = 2 * np.pi * (hue - np.arange(3) / 3)
    colour = 1 - saturation * (0.5 - 0.5 * np.cos(turns))
    return np.clip(lightness * colour / float(colour @ LUMINANCE), 0.01, 0.95)


def relative_albedo(albedo: Float64, light: Float64, reflectance: float) -> Float32:
    """Return how bright a material looks relative to the surface whose place it takes.

    The light that falls on it is what the surface sends back over the surface's own albedo. That
    has the surface's hue, as seen under white light, and `reflectance` as luminance.

    Parameters
    ----------
    albedo : (..., 3) float64
    light : (C,) float64
        Mean linear light of the surface, C in {1, 3}.
    reflectance : float
        The surface's own luminance albedo.

    Returns
    -------
    (..., 3) float32, or (...) where C is 1: a grey photo stays grey
    """
    if len(light) == 1:
        relative = albedo @ LUMINANCE / reflectance
    else:
        hue = light / max(float(light @ LUMINANCE), 1e-4)
        relative = albedo / (reflectance * np.clip(hue, 0.2, 5.0))
    return np.clip(relative, *RELATIVE).astype(np.float32)


def seen_depth(depth: Float64, channels: int) -> Float32:
    """Return optical depths (..., 3) as a photo of 1 or 3 channels shows them, (...) or (..., 3).

    Grey is the luminance of what passes twice, ``exp(-2 tau) = sum_c y_c exp(-2 tau_c)``.
    """
    if channels == 3:
        return depth.astype(np.float32)
    passed = np.exp(-2 * depth) @ LUMINANCE
    return (-0.5 * np.log(np.maximum(passed, 1e-6))).astype(np.float32)


def seen_film(field: Float32, colour: Float64, channels: int) -> Float32:
    """Return the absorbance of a film: optical depth `field` times `colour` of mean luminance 1.

    Parameters
    ----------
    field : (h, w) float32
        Optical depth for luminance.
    colour : (3,) float64
        Optical depth per channel, relative.
    channels : int

    Returns
    -------
    (h, w) float32 for a grey photo, else (h, w, 3)
    """
    if channels == 1:
        return field
    scaled = colour / max(abs(float(colour @ LUMINANCE)), 1e-6)
    out = np.empty((*field.shape, 3), dtype=np.float32)
    for channel in range(3):
        np.multiply(field, np.float32(scaled[channel]), out=out[..., channel])
    return out

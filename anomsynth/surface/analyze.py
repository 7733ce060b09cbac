"""Everything one photo of a flawless surface tells us, measured once for all its samples."""

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.types import Analysis, Mask, Pixels, Scale, Surface
from anomsynth.errors import InputError
from anomsynth.fields.structure import gradient_products
from anomsynth.surface.camera import measure_camera
from anomsynth.surface.foreground import PartFinder, find_foreground
from anomsynth.surface.grain import measure_grain
from anomsynth.surface.light import measure_light
from anomsynth.surface.outlined import follows_outline
from anomsynth.surface.sites import find_edges, find_sites
from anomsynth.surface.thumbnail import make_thumbnail, shrink_mask
from anomsynth.surface.windows import grey_levels

FIELD_MM = 100.0  # width of the field of view where nothing is known


def analyze(
    image: NDArray[np.generic] | Photo,
    *,
    scale: Scale | None = None,
    encoding: str | None = None,
    roi: Mask | PartFinder | None = None,
    avoid: Mask | None = None,
) -> Surface:
    """Measure what a photo of a flawless surface tells us.

    Parameters
    ----------
    image : array or Photo
        (H, W) or (H, W, C) uint8 or uint16, or floats in [0, 1], C in {1, 2, 3, 4}; it is not
        changed. A Photo's arrays become part of the surface and read-only.
    scale : Scale, optional
        How large a pixel is; by default the field of view is 100 mm wide.
    encoding : {"srgb", "linear"}, optional
        How the pixels encode light; sRGB by default.
    roi : (H, W) bool or PartFinder, optional
        Where the part is; replaces the automatic foreground. Transparent pixels stay out of it.
        Where its outline is the part's own, so that colours change along most of it, what overhangs
        the part (a fiber, a bent lead) or bares the ground is drawn beside it, too; a mask within
        the part holds everything. A `PartFinder` says how the part is found in all photos of the
        category.
    avoid : (H, W) bool, optional
        Where no defect may go.

    Returns
    -------
    Surface
        It remembers which of scale, encoding and part were given here. The others are decided by
        the recipe it is used with, as they are for a photo; see `synthesize`.

    Raises
    ------
    InputError
        If the image is of an unsupported kind, the encoding unknown, a mask of another size, or
        `roi` marks nothing.
    """
    photo = image if isinstance(image, Photo) else as_photo(image)
    pixels = one_channel(photo.pixels)
    shape = pixels.shape[0], pixels.shape[1]
    if encoding not in (None, "srgb", "linear"):
        raise InputError(f"unknown encoding {encoding!r}", hint="expected 'srgb' or 'linear'")
    thumbnail = make_thumbnail(pixels)
    finder = roi if isinstance(roi, PartFinder) else None
    marked = None if isinstance(roi, PartFinder) else _part(photo, roi)
    foreground = marked
    if foreground is None:
        foreground = find_foreground(pixels, photo.alpha, thumbnail, finder)
    allowed = foreground
    how = ""
    if marked is not None:
        how = "outline" if follows_outline(thumbnail, marked) else "within"
    reachable = foreground if how == "within" else _visible(photo)
    if avoid is not None:
        free = ~_as_mask("avoid", avoid, shape)
        allowed, reachable = foreground & free, reachable & free
    tensor = gradient_products(grey_levels(thumbnail), shrink_mask(foreground))
    edge_sites, edge_normals = find_edges(foreground, allowed)
    surface = Surface(
        pixels=pixels,
        foreground=foreground,
        allowed=allowed,
        mm_per_px=(scale or Scale(field_mm=FIELD_MM)).of(foreground),
        camera=measure_camera(pixels, photo.jpeg, foreground, thumbnail),
        light=measure_light(tensor),
        grain=measure_grain(tensor, shape),
        sites=find_sites(allowed),
        edge_sites=edge_sites,
        edge_normals=edge_normals,
        encoding=encoding or "srgb",
        alpha=photo.alpha,
        flat=photo.flat,
        repeats=photo.pixels.shape[2] // pixels.shape[2],
        reachable=reachable,
        floats=photo.floats,
        depth=photo.depth,
    )
    given = Analysis(scale, encoding, how, photo.jpeg)
    # Only here, so that a surface changed by `replace` has none and is used as it is.
    object.__setattr__(surface, "analysis", given)
    return surface


def find_part(photo: Photo, roi: Mask | PartFinder | None = None) -> Mask:
    """Return the part of a photo, (H, W) bool, as `analyze` finds it, and nothing else.

    Parameters
    ----------
    photo : Photo
    roi : (H, W) bool or PartFinder, optional
        See `analyze`.

    Raises
    ------
    InputError
        If the mask is of another size, or marks nothing.
    """
    marked = None if isinstance(roi, PartFinder) else _part(photo, roi)
    if marked is not None:
        return marked
    finder = roi if isinstance(roi, PartFinder) else None
    return find_foreground(one_channel(photo.pixels), photo.alpha, finder=finder)


def with_part(surface: Surface, part: Mask) -> Surface:
    """Return what the analysis of the same photo says where the part is another one.

    Parameters
    ----------
    surface : Surface
        As it came from `analyze` without `roi`.
    part : (H, W) bool
    """
    jpeg = None if surface.analysis is None else surface.analysis.jpeg
    photo = Photo(surface.pixels, surface.alpha, surface.flat, jpeg, surface.floats, surface.depth)
    avoid = None if surface.reachable is None else ~surface.reachable
    again = analyze(photo, roi=part, avoid=avoid)
    # A grey photo that was stored as RGB is known as such to the first analysis only.
    return replace(again, repeats=surface.repeats)


def one_channel(pixels: Pixels) -> Pixels:
    """Return (H, W, 1) of a grey photo that was stored as RGB, else the pixels themselves."""
    if pixels.shape[2] == 1:
        return pixels
    some = pixels[:: max(pixels.shape[0] // 32, 1), :: max(pixels.shape[1] // 32, 1)]
    for part in (some, pixels):  # nearly every colour photo shows on a few pixels that it is one
        red, green, blue = part[..., 0], part[..., 1], part[..., 2]
        if not (np.array_equal(red, green) and np.array_equal(green, blue)):
            return pixels
    return cast("Pixels", np.ascontiguousarray(pixels[..., :1]))


def _visible(photo: Photo) -> Mask:
    if photo.alpha is not None:
        return photo.alpha > 0
    return np.ones(photo.pixels.shape[:2], dtype=np.bool_)


def _part(photo: Photo, roi: Mask | None) -> Mask | None:
    """Return the part as the user marked it."""
    if roi is None:
        return None
    part = _as_mask("roi", roi, (photo.pixels.shape[0], photo.pixels.shape[1]))
    if photo.alpha is not None:
        part &= photo.alpha > 0
    if not part.any():
        raise InputError(
            "roi marks no visible pixel", hint="mark where the part is, or leave it out"
        )
    return part


def _as_mask(name: str, mask: NDArray[np.generic], shape: tuple[int, int]) -> Mask:
    """Return an own boolean copy of a mask of the photo's size."""
    if mask.shape != shape:
        msg = (
            f"{name} of shape {mask.shape} does not fit an image of {shape[0]} x {shape[1]} pixels"
        )
        raise InputError(msg, hint="a mask needs one value for each pixel of its image")
    return np.array(mask, dtype=np.bool_)

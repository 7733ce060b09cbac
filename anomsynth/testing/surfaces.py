"""Small surfaces, pictures and masks to try components on."""

from dataclasses import replace

import cv2
import numpy as np

from anomsynth.core.color import linear_to_srgb
from anomsynth.core.types import Camera, Grain, Light, Mask, Pixels, Surface
from anomsynth.demo.rendering import lay_fibers
from anomsynth.surface.sites import find_edges, find_sites

WARM = np.array([1.06, 1.0, 0.86], dtype=np.float32)  # off-white under a lamp, linear light


def make_pixels(height: int = 160, width: int = 200, *, channels: int = 1, seed: int = 0) -> Pixels:
    """Render a softly textured surface, (H, W, C) uint8, with camera noise; three are coloured."""
    rng = np.random.default_rng(seed)
    rough = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 2.5)
    light = 0.22 * (1 + 0.25 * rough / max(float(rough.std()), 1e-6) * 0.25)
    tone = np.ones(1, np.float32) if channels == 1 else WARM
    lit = np.clip(light[..., None] * tone, 0, 1).astype(np.float32)
    levels = 255 * linear_to_srgb(lit) + rng.standard_normal((height, width, channels))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def make_surface(
    height: int = 160,
    width: int = 200,
    *,
    mm_per_px: float = 0.1,
    channels: int = 1,
    border: int = 8,
) -> Surface:
    """Build a small surface whose part is a centred rectangle, with known camera and light."""
    foreground = np.zeros((height, width), dtype=bool)
    foreground[border : height - border, border : width - border] = True
    edge_sites, edge_normals = find_edges(foreground, foreground)
    cells = (-(-height // 16), -(-width // 16))
    return Surface(
        pixels=make_pixels(height, width, channels=channels),
        foreground=foreground,
        allowed=foreground.copy(),
        mm_per_px=mm_per_px,
        camera=Camera(noise_floor=1.0, blur_px=0.6, sharpest_px=0.5),
        light=Light(azimuth_deg=120, elevation_deg=45, confidence=0.8),
        grain=Grain(16, np.zeros(cells, np.float32), np.zeros(cells, np.float32)),
        sites=find_sites(foreground),
        edge_sites=edge_sites,
        edge_normals=edge_normals,
    )


def make_fibrous_surface(
    height: int = 160, width: int = 200, *, channels: int = 1, border: int = 8, seed: int = 1
) -> Surface:
    """Build such a surface whose part is a pile of short fibres that lie every way."""
    surface = make_surface(height, width, channels=channels, border=border)
    rng = np.random.default_rng(seed)
    soft = lay_fibers(np.zeros((height, width), np.uint8), (120, 200), rng)[..., None]
    tint = np.ones(1, np.float32) if channels == 1 else WARM
    pixels = np.clip(0.4 * surface.pixels + soft * tint, 0, 255).astype(np.uint8)
    return replace(surface, pixels=pixels)


def make_defect(pixels: Pixels, size: int = 24) -> tuple[Pixels, Mask]:
    """Return a copy with a darker square a third of the way in, and its mask."""
    height, width = pixels.shape[:2]
    mask = np.zeros((height, width), dtype=bool)
    mask[height // 3 : height // 3 + size, width // 3 : width // 3 + size] = True
    spoilt = pixels.copy()
    spoilt[mask] = (pixels[mask] * 0.7).astype(pixels.dtype)
    return spoilt, mask

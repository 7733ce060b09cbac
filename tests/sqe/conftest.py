"""Scenes with a photographed defect, and samples of the embedded surfaces."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from anomsynth.core.photo import as_photo
from anomsynth.core.rng import stream
from anomsynth.core.sample import Sample
from anomsynth.core.types import SampleKey
from anomsynth.demo.photos import demo_photos
from anomsynth.recipe.load import load_recipe
from anomsynth.sqe.controls import ControlBase
from anomsynth.synthesis.synthesize import synthesize

PRESETS = {"metal": "metal", "brick": "concrete", "gravel": "generic", "grass": "generic"}
FOREIGN = {"metal": "brick", "brick": "grass", "gravel": "brick", "grass": "gravel"}


@dataclass(frozen=True)
class Scene:
    image: np.ndarray
    mask: np.ndarray
    original: np.ndarray


def make_scene(
    scale: float = 1.0,
    *,
    contrast: float = -38.0,
    blur: float = 0.8,
    noise: float = 1.5,
    seed: int = 0,
    radius: float = 13.0,
) -> Scene:
    """Photograph a rough surface with a dark, lobed stain; the camera is the same at any scale."""
    rng = np.random.default_rng(seed)
    side = round(120 * scale)
    rough = cv2.resize(
        cv2.GaussianBlur(rng.standard_normal((120, 120)).astype(np.float32), (0, 0), 2.0),
        (side, side),
        interpolation=cv2.INTER_CUBIC,
    )
    rows, cols = (np.mgrid[:side, :side] - side / 2) / scale
    angle = np.arctan2(rows, cols)
    edge = radius * (1 + 0.15 * np.cos(3 * angle) + 0.1 * np.sin(2 * angle))
    share = np.clip((edge - np.hypot(rows, cols)) * scale + 0.5, 0, 1)
    clean = 128 + 6 * rough / float(rough.std())
    grain = noise * rng.standard_normal((side, side))

    def photograph(light: np.ndarray) -> np.ndarray:
        seen = cv2.GaussianBlur(light.astype(np.float32), (0, 0), blur) + grain
        return np.clip(np.rint(seen), 0, 255).astype(np.uint8)[..., None]

    image = photograph(clean + contrast * share)
    return Scene(image, share > 0.1, photograph(clean))


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture
def scenes() -> Callable[..., Scene]:
    return make_scene


def plain(sample: Sample) -> bool:
    """Tell whether every defect reaches the least d' of presets."""
    return all(item.visibility >= 1.4 for item in sample.instances)


@pytest.fixture(scope="session")
def bases() -> list[ControlBase]:
    """Return three samples of each embedded surface; the calibration has seen others.

    All their defects can be seen: those that are as strong as their stuff makes them may be faint,
    and faint ones are no good samples.
    """
    photos = demo_photos()
    found = []
    for name, several in photos.items():
        mixed = {} if PRESETS[name] == "generic" else {"base_share": 0.5}
        recipe = load_recipe(PRESETS[name], **mixed)
        for index in (1, 4, 6):
            keys = (SampleKey("t", name, index + 100 * turn) for turn in range(20))
            drawn = (synthesize(several[index], recipe, seed=11, key=key) for key in keys)
            sample = next(one for one in drawn if plain(one))
            found.append(
                ControlBase(
                    as_photo(sample.image).pixels,
                    sample.mask,
                    as_photo(several[index]).pixels,
                    photos[FOREIGN[name]][0],
                )
            )
    return found


@pytest.fixture
def rng() -> np.random.Generator:
    return stream(0, "tests", "sqe")

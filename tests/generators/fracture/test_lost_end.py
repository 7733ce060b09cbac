"""Lost ends leave the background, beyond a line that leaves the share asked for."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth import load_recipe, synthesize
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Camera, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.fracture.lost_end import LostEnd
from anomsynth.testing import check_generator, make_surface

CUT = {"rough": 0, "face_width": 0}


def on_ground() -> Surface:
    """Return a part on a ground of one dark level."""
    surface = make_surface(240, 240, border=50)
    pixels = surface.pixels.copy()
    pixels[~surface.foreground] = 30
    return replace(surface, pixels=pixels, reachable=np.ones((240, 240), bool))


def test_keeps_the_generator_contract() -> None:
    check_generator(LostEnd(), on_ground())
    check_generator(LostEnd(rough=0.04, face_width=0.03), on_ground())


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_what_is_gone_has_its_share_of_the_part(share: float) -> None:
    for seed in range(6):
        layer = LostEnd(area_share=share, **CUT).generate(on_ground(), stream(seed))
        assert layer.measured["area_share"] == pytest.approx(share, rel=0.1)


def test_the_ground_shows_where_the_end_was() -> None:
    surface = on_ground()
    layer = LostEnd(area_share=0.1, **CUT).generate(surface, stream(1))

    inside = layer.coverage > 0.99
    ground = surface.linear(layer.box)[~surface.foreground[layer.box.slices]].mean()
    assert layer.exposed[inside].mean() == pytest.approx(float(ground), rel=0.05)
    assert layer.rigid
    assert layer.overhang


def test_the_ground_in_its_place_is_as_rough_as_the_ground_beside() -> None:
    rng = np.random.default_rng(3)
    surface = on_ground()
    noise = rng.normal(60, 6, surface.pixels.shape)
    blobs = cv2.GaussianBlur(rng.standard_normal(noise.shape[:2]), (0, 0), 3)
    noise += 12 * (blobs / blobs.std())[..., None]
    pixels = np.where(surface.foreground[..., None], surface.pixels, np.clip(noise, 0, 255))
    rough = replace(surface, pixels=pixels.astype(np.uint8), camera=Camera(noise_floor=36.0))
    recipe = load_recipe(
        "generic", mechanisms=[{"generator": LostEnd(area_share=0.15, **CUT).model_dump()}]
    )
    for seed in range(3):
        sample = synthesize(rough, recipe, seed=seed)
        gone = cv2.erode((sample.mask & surface.foreground).astype(np.uint8), np.ones((9, 9))) > 0
        beside = ~cv2.dilate(surface.foreground.astype(np.uint8), np.ones((9, 9))).astype(bool)
        # Fine and coarse: white noise alone, or patches alone, would not do.
        for picture in (sample.image, cv2.blur(sample.image, (5, 5))):
            assert picture[gone].std() == pytest.approx(picture[beside].std(), rel=0.2)


def test_no_line_is_left_where_the_outline_was() -> None:
    surface = on_ground()
    soft = cv2.GaussianBlur(surface.pixels, (0, 0), 1.8)[..., None]
    blurred = replace(surface, pixels=soft, camera=Camera(blur_px=1.8, sharpest_px=1.8))
    recipe = load_recipe(
        "generic", mechanisms=[{"generator": LostEnd(area_share=0.15, **CUT).model_dump()}]
    )
    for seed in range(4):
        sample = synthesize(blurred, recipe, seed=seed)
        changed = cv2.erode(sample.mask.astype(np.uint8), np.ones((5, 5))) > 0
        ring = changed & ~surface.foreground
        assert ring.any()
        assert sample.image[ring].min() > 22  # of 30, with noise


def test_a_cut_is_a_straight_line_and_a_break_is_not() -> None:
    surface = on_ground()
    off = []
    for rough in (0, 0.04):
        layer = LostEnd(area_share=0.2, rough=rough, face_width=0).generate(surface, stream(5))
        part = surface.foreground[layer.box.slices]
        edge = np.argwhere((np.abs(layer.coverage - 0.5) < 0.45) & part).astype(float)
        _, spread, _ = np.linalg.svd(edge - edge.mean(axis=0), full_matrices=False)
        off.append(spread[1] / np.sqrt(len(edge)))

    assert off[0] < 0.7
    assert off[1] > 2 * off[0]


def test_only_the_piece_with_the_outermost_point_goes() -> None:
    surface = on_ground()
    allowed = surface.allowed.copy()
    allowed[:, 118:122] = False  # two prongs
    allowed[150:] = surface.allowed[150:]
    pronged = replace(surface, allowed=allowed, foreground=allowed.copy())
    for seed in range(8):
        layer = LostEnd(area_share=0.08, **CUT).generate(pronged, stream(seed))
        gone = np.zeros(surface.shape, bool)
        gone[layer.box.slices] = layer.coverage > 0.99
        upper = gone[:140]
        assert not (upper[:, :112].any() and upper[:, 128:].any())


def test_without_a_background_there_is_no_end_to_lose() -> None:
    with pytest.raises(PlacementError):
        LostEnd().generate(make_surface(border=0), stream(0))
    with pytest.raises(PlacementError):
        LostEnd().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("area_share", 0), ("rough", 2), ("face_width", 2), ("end", 1)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "lost_end", field: value})


def test_golden_coverage(golden) -> None:
    golden("lost_end_coverage", LostEnd().generate(on_ground(), stream(42)).coverage)

"""npcF++ matches edges, noise, texture and compression, inside the support only."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from anomsynth.core.color import to_levels
from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.registry import refiners
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Camera, Jpeg, Surface
from anomsynth.errors import RecipeError
from anomsynth.refiners import npcf_plus
from anomsynth.refiners.npcf_plus import NpcfPlus
from anomsynth.testing import make_surface

BOX = Box(20, 20, 140, 180)


def finish(refiner: NpcfPlus, levels: np.ndarray, change: Change, surface: Surface) -> np.ndarray:
    """Run the last hook on a whole picture of the box."""
    picture = levels.copy()
    flat = picture.reshape(-1, picture.shape[2])
    flat[change.index] = refiner.finish(flat[change.index], change, surface, stream(1))
    return picture


def disc(radius: float = 40) -> np.ndarray:
    rows, cols = np.mgrid[:120, :160]
    return np.hypot(rows - 60, cols - 80) <= radius


def flat_surface(camera: Camera, channels: int = 1) -> Surface:
    rng = np.random.default_rng(3)
    noise = camera.noise_floor**0.5 * rng.standard_normal((160, 200, 1))
    grey = np.clip(np.rint(120 + noise), 0, 255).astype(np.uint8)
    pixels = np.ascontiguousarray(np.repeat(grey, channels, axis=2))
    return replace(make_surface(channels=channels), pixels=pixels, camera=camera)


def covered(surface: Surface, *, thin: bool = False, radius: float = 40) -> Change:
    """Return a flat opaque disc: all noise of the photo is hidden below it."""
    support = disc(radius)
    before = surface.linear(BOX)
    after = np.where(support[..., None], np.float32(before.mean() * 0.5), before)
    layer = DefectLayer(
        kind="test",
        origin=(20, 20),
        support=support,
        coverage=support.astype(np.float32),
        albedo=np.full(support.shape, 0.5, np.float32),
        thin=thin,
    )
    return Change(
        BOX,
        layer,
        np.flatnonzero(support),
        1.0,
        before,
        after.astype(np.float32),
        support.astype(np.float32),
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_hidden_noise_comes_back_at_the_cameras_strength(channels) -> None:
    """RE4: what the defect hid is restored, ratio of deviations 0.93-1.07."""
    surface = flat_surface(Camera(noise_floor=9.0), channels)
    change = covered(surface)
    levels = np.full((*BOX.shape, channels), 80, np.float32)

    finished = finish(NpcfPlus(), levels, change, surface)

    inside = finished[disc(35)]
    assert inside[..., 0].std() / 3.0 == pytest.approx(1, abs=0.07)
    assert np.array_equal(finished[~disc()], levels[~disc()])
    if channels == 3:
        # One field: coloured speckle is what no camera pipeline shows at this strength.
        assert np.array_equal(inside[..., 0], inside[..., 2])


def test_noise_that_survived_is_not_added_again() -> None:
    surface = flat_surface(Camera(noise_floor=9.0))
    change = replace(covered(surface), hidden=np.zeros(BOX.shape, np.float32))
    levels = to_levels(surface.pixels[BOX.slices])

    finished = finish(NpcfPlus(), levels, change, surface)

    assert np.allclose(finished, levels, atol=0.6)


def test_noise_that_half_survived_is_made_up_for() -> None:
    surface = flat_surface(Camera(noise_floor=9.0))
    change = replace(covered(surface), hidden=np.full(BOX.shape, 0.2, np.float32))
    levels = np.full((*BOX.shape, 1), 120, np.float32)

    added = (finish(NpcfPlus(), levels, change, surface) - levels)[disc(35)]

    # s^2 - (1 - a)^2 s^2: a fifth is hidden, three fifths of the deviation are missing.
    assert added.std() == pytest.approx(3 * np.sqrt(1 - 0.8**2), rel=0.06)


def test_edges_become_as_soft_as_the_camera_inwards_only() -> None:
    surface = flat_surface(Camera(noise_floor=0.0, blur_px=1.5, sharpest_px=1.2))
    change = covered(surface)

    refined = NpcfPlus(match_texture=False).refine(change, surface, stream(1))

    profile = (refined.after - change.before)[60, 80:125, 0]
    full = profile[0]
    rise = np.flatnonzero((profile / full > 0.1) & (profile / full < 0.9)).size
    assert 2 <= rise <= 5
    assert np.array_equal(refined.after[~disc()], change.before[~disc()])
    assert refined.residuals["edge_blur_px"] == pytest.approx(np.sqrt(1.5**2 - 0.35**2))


def test_edges_of_moved_pieces_are_the_photo_s_own() -> None:
    surface = flat_surface(Camera(noise_floor=0.0, blur_px=1.5, sharpest_px=1.2))
    change = covered(surface)
    moved = replace(change, layer=replace(change.layer, has_noise=True))

    refined = NpcfPlus(match_texture=False).refine(moved, surface, stream(1))

    assert np.array_equal(refined.after, change.after)
    assert "edge_blur_px" not in refined.residuals


@pytest.mark.parametrize("radius", [40, 75, 1000])  # inside, cut off, and beyond the box
def test_edges_have_no_seams_between_tiles(radius, monkeypatch) -> None:
    surface = flat_surface(Camera(noise_floor=4.0, blur_px=1.5, sharpest_px=1.2), channels=3)
    change = covered(surface, radius=radius)
    refined = []
    for tile in (17, 32, 1000):
        monkeypatch.setattr(npcf_plus, "TILE", tile)
        refined.append(NpcfPlus(match_texture=False).refine(change, surface, stream(1)))

    assert refined[0].after == pytest.approx(refined[2].after, abs=1e-6)
    assert refined[1].after == pytest.approx(refined[2].after, abs=1e-6)
    assert np.abs(refined[2].after - change.after).max() > 1e-3


def test_sharp_optics_and_cracks_stay_razor_sharp() -> None:
    sharp = flat_surface(Camera(blur_px=0.4, sharpest_px=0.3))
    soft = flat_surface(Camera(blur_px=1.5, sharpest_px=0.8))

    untouched = NpcfPlus(match_texture=False).refine(covered(sharp), sharp, stream(1))
    crack = NpcfPlus(match_texture=False).refine(covered(soft, thin=True), soft, stream(1))

    assert np.array_equal(untouched.after, covered(sharp).after)
    assert np.array_equal(crack.after, covered(soft, thin=True).after)


@pytest.mark.parametrize("transform", ["starlet", "swt"])
def test_blurred_texture_under_a_film_gets_its_bands_back(transform) -> None:
    surface = flat_surface(Camera(noise_floor=16.0))
    support = disc()
    before = surface.linear(BOX)
    smooth = np.float32(before.mean())
    after = np.where(support[..., None], smooth + 0.3 * (before - smooth), before)
    layer = DefectLayer(
        kind="test",
        origin=(20, 20),
        support=support,
        absorbance=np.zeros(support.shape, np.float32),
    )
    change = Change(
        BOX,
        layer,
        np.flatnonzero(support),
        1.0,
        before,
        after.astype(np.float32),
        np.zeros(BOX.shape, np.float32),
    )

    refined = NpcfPlus(transform=transform).refine(change, surface, stream(1))

    wanted, had = before[disc(35)].std(), after[disc(35)].std()
    assert had < 0.4 * wanted
    assert refined.after[disc(35)].std() == pytest.approx(wanted, rel=0.07)
    assert refined.residuals["band_deficit"] == pytest.approx(0.7, abs=0.1)
    assert np.array_equal(refined.after[~support], before[~support])


def test_voids_get_no_texture() -> None:
    surface = flat_surface(Camera(noise_floor=16.0, blur_px=0.3, sharpest_px=0.3))
    change = covered(surface)

    refined = NpcfPlus().refine(change, surface, stream(1))

    assert np.array_equal(refined.after, change.after)


def test_change_goes_through_the_same_compression_as_pillow_does() -> None:
    rng = np.random.default_rng(0)
    picture = np.clip(120 + 30 * rng.standard_normal((120, 160)), 0, 255).astype(np.uint8)
    stored = BytesIO()
    Image.fromarray(picture).save(stored, "JPEG", quality=50)
    opened = Image.open(stored)
    table = tuple(opened.quantization[0])
    decoded = np.asarray(opened).astype(np.float32)
    surface = flat_surface(
        Camera(noise_floor=0.0, jpeg=Jpeg(luma=table, chroma=table, row=4, col=4))
    )
    change = covered(surface)

    finished = finish(
        NpcfPlus(match_noise=False), picture[..., None].astype(np.float32), change, surface
    )

    # The compression sees the photo outside the support: compare blocks well inside.
    difference = finished[..., 0][disc(30)] - decoded[disc(30)]
    # Integer transforms round a few coefficients the other way.
    assert np.median(np.abs(difference)) < 0.5
    assert np.abs(difference).mean() < 1.0
    assert np.array_equal(finished[~disc()][:, 0], picture[~disc()])


def test_colour_is_kept_through_fine_compression() -> None:
    ones = (1,) * 64
    surface = flat_surface(Camera(noise_floor=0.0, jpeg=Jpeg(luma=ones, chroma=ones)), channels=3)
    levels = np.zeros((*BOX.shape, 3), np.float32) + np.array([200, 90, 40], np.float32)

    finished = finish(NpcfPlus(match_noise=False), levels, covered(surface), surface)

    assert np.abs(finished - levels).max() < 3


def test_rejects_bad_parameters() -> None:
    with pytest.raises(RecipeError, match="levels"):
        refiners.build({"kind": "npcf_plus", "levels": 0})

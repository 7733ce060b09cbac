"""Sites lie where defects are allowed; normals point into the part."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError
from anomsynth.surface.sites import (
    MOST_SITES,
    find_edges,
    find_sites,
    pick_calm_site,
    pick_edge_site,
    pick_site,
)
from anomsynth.testing import make_surface

MASKS = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
    lambda shape: arrays(np.bool_, shape)
)


@given(allowed=MASKS)
@settings(max_examples=60, deadline=None)
def test_sites_are_allowed_pixels_and_there_is_one_if_any_is(allowed) -> None:
    sites = find_sites(allowed)

    assert allowed[sites[:, 0], sites[:, 1]].all()
    assert (len(sites) > 0) == allowed.any()


@given(foreground=MASKS, data=st.data())
@settings(max_examples=60, deadline=None)
def test_edge_sites_are_allowed_and_their_normals_have_length_one(foreground, data) -> None:
    allowed = foreground & data.draw(arrays(np.bool_, foreground.shape))

    sites, normals = find_edges(foreground, allowed)

    assert sites.shape == normals.shape == (len(sites), 2)
    assert allowed[sites[:, 0], sites[:, 1]].all()
    np.testing.assert_allclose(np.hypot(*normals.T), 1, rtol=1e-5)


def test_a_large_area_gives_an_even_subset() -> None:
    sites = find_sites(np.ones((1000, 1200), dtype=bool))

    assert MOST_SITES / 4 < len(sites) < 1.5 * MOST_SITES
    assert np.median(sites, axis=0) == pytest.approx([500, 600], abs=10)


def test_allowed_lines_between_those_of_the_subset_are_found() -> None:
    allowed = np.zeros((800, 800), dtype=bool)
    allowed[::3] = True
    allowed[:, 1::2] = False
    allowed[1::3] = False

    sites = find_sites(allowed)

    assert len(sites) > 0
    assert allowed[sites[:, 0], sites[:, 1]].all()


@pytest.mark.parametrize("size", [100, 1000])
def test_normals_of_a_disc_point_to_its_centre(size: int) -> None:
    row, col = np.mgrid[:size, :size] - (size - 1) / 2
    disc = np.hypot(row, col) < 0.35 * size

    sites, normals = find_edges(disc, disc)

    inwards = (size - 1) / 2 - sites
    inwards /= np.linalg.norm(inwards, axis=1, keepdims=True)
    assert (inwards * normals).sum(axis=1).min() > np.cos(np.deg2rad(6))
    assert len(sites) > 2 * 0.35 * size * 2


def test_the_border_of_the_picture_counts_as_outline() -> None:
    full = np.ones((50, 80), dtype=bool)

    sites, normals = find_edges(full, full)

    top = normals[(sites[:, 0] == 0) & (sites[:, 1] == 40)]
    right = normals[(sites[:, 1] == 79) & (sites[:, 0] == 25)]
    np.testing.assert_allclose(top, [[1, 0]], atol=1e-5)
    np.testing.assert_allclose(right, [[0, -1]], atol=1e-5)


def test_picks_use_one_number_and_reach_all_parts() -> None:
    surface = make_surface()
    rng = stream(0, "sites")
    picks = np.array([pick_site(surface, rng) for _ in range(200)])

    again = stream(0, "sites")
    again.random(200)
    assert rng.random() == again.random()
    assert np.ptp(picks, axis=0).min() > 100


def test_an_edge_pick_lies_on_the_outline() -> None:
    surface = make_surface(border=8)

    (row, col), normal = pick_edge_site(surface, stream(3, "edges"))

    assert row in (8, 151) or col in (8, 191)
    assert np.hypot(*normal) == pytest.approx(1)


def test_no_allowed_pixel_is_a_placement_error() -> None:
    surface = make_surface(border=80)

    with pytest.raises(PlacementError, match="no pixel"):
        pick_site(surface, stream(0))
    with pytest.raises(PlacementError, match="outline"):
        pick_edge_site(surface, stream(0))


def test_calm_sites_avoid_what_is_rougher_than_the_rest() -> None:
    surface = make_surface(200, 200, border=0)
    pixels = surface.pixels.copy()
    pixels[:, 100:] = np.where(np.arange(100)[None, :, None] % 6 < 3, 30, 220)  # ribs
    ribbed = replace(surface, pixels=pixels.astype(np.uint8))
    rng = np.random.default_rng(0)

    sites = [pick_calm_site(ribbed, 8, rng) for _ in range(60)]

    assert np.mean([col < 95 for _, col in sites]) > 0.9


def test_on_an_even_surface_calm_sites_are_those_of_any_damage() -> None:
    surface = make_surface()
    for seed in range(10):
        first, second = np.random.default_rng(seed), np.random.default_rng(seed)
        assert pick_calm_site(surface, 10, first) == pick_site(surface, second)


def test_calm_sites_need_room() -> None:
    with pytest.raises(PlacementError):
        pick_calm_site(make_surface(16, 16), 5, np.random.default_rng(0))

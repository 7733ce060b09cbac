"""Edges inside the part are found where a step runs on, and nowhere on a plain one."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError
from anomsynth.surface.rims import pick_rim_or_edge, rims_of
from anomsynth.testing import make_surface

MIDDLE, RADIUS = 150, 60


def ringed() -> Surface:
    """Return a part with a disc in its middle that is darker."""
    surface = make_surface(300, 300)
    disc = np.zeros(surface.shape, np.uint8)
    cv2.circle(disc, (MIDDLE, MIDDLE), RADIUS, 1, -1)
    pixels = surface.pixels.copy()
    pixels[disc > 0] //= 2
    return replace(surface, pixels=pixels)


def test_the_rim_of_a_disc_is_found_all_around() -> None:
    rims = rims_of(ringed())

    away = rims.sites - MIDDLE
    radius = np.hypot(away[:, 0], away[:, 1])
    turns = np.arctan2(away[:, 0], away[:, 1])
    assert np.abs(radius - RADIUS).max() < 3
    assert np.unique((turns * 18 / np.pi).astype(int)).size > 30


def test_normals_point_across_the_edge_to_the_brighter_side() -> None:
    rims = rims_of(ringed())

    outwards = (rims.sites - MIDDLE) / np.hypot(*(rims.sites - MIDDLE).T)[:, None]
    assert ((rims.normals * outwards).sum(axis=1) > 0.9).mean() > 0.95
    assert np.hypot(*rims.normals.T) == pytest.approx(1, abs=1e-4)


def test_a_plain_part_has_none_and_its_outline_serves() -> None:
    surface = make_surface(300, 300)

    assert len(rims_of(surface).sites) == 0
    site, _, inner = pick_rim_or_edge(surface, 1.0, stream(0))
    assert not inner
    assert (surface.edge_sites == site).all(axis=1).any()


def test_as_many_places_lie_on_rims_as_asked_with_normals_to_either_side() -> None:
    surface, rng = ringed(), stream(1)
    picks = [pick_rim_or_edge(surface, 0.4, rng) for _ in range(400)]

    inner = [pick for pick in picks if pick[2]]
    assert len(inner) / 400 == pytest.approx(0.4, abs=0.08)
    outwards = [np.dot(normal, np.subtract(site, MIDDLE)) > 0 for site, normal, _ in inner]
    assert np.mean(outwards) == pytest.approx(0.5, abs=0.12)


def test_no_rims_are_looked_for_where_none_are_wanted() -> None:
    surface = ringed()
    site, normal, inner = pick_rim_or_edge(surface, 0, stream(2))

    assert not inner
    assert (surface.edge_sites == site).all(axis=1).any()
    assert np.hypot(*normal) == pytest.approx(1, abs=1e-4)


def test_needs_an_outline_or_a_rim() -> None:
    with pytest.raises(PlacementError):
        pick_rim_or_edge(make_surface(16, 16), 0.5, stream(0))

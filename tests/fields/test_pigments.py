"""Pigments mix by Kubelka-Munk and show in a photo as what they are."""

import numpy as np
import pytest

from anomsynth.core.color import lab, linear_to_srgb
from anomsynth.fields.pigments import (
    LUMINANCE,
    OXIDES,
    absorbed_over_scattered,
    film_depth,
    mixed_reflectance,
    opaque_reflectance,
    paint,
    relative_albedo,
    rust_colours,
    seen_depth,
    seen_film,
)

# CIE L*a*b* of the oxides' Munsell notations, as tabulated.
LAB = {
    "goethite, fine": (81, 7, 38),
    "goethite, coarse": (51, 14, 35),
    "lepidocrocite": (61, 22, 41),
    "lepidocrocite, dark": (41, 28, 36),
    "ferrihydrite": (30, 16, 17),
    "hematite": (41, 33, 29),
    "hematite, dark": (30, 29, 13),
}


def test_mixing_keeps_pure_pigments_and_lies_between_them() -> None:  # RU5
    pair = np.array([OXIDES["goethite, fine"], OXIDES["hematite"]])
    shares = np.linspace(0, 1, 11)

    mixed = mixed_reflectance(np.stack([1 - shares, shares], axis=1), pair)

    np.testing.assert_allclose(mixed[0], pair[0], atol=1e-6)
    np.testing.assert_allclose(mixed[-1], pair[1], atol=1e-6)
    assert (np.diff(mixed, axis=0) < 0).all()
    # K/S adds, so a little of the dark pigment counts for more than its share.
    assert (mixed[5] < pair.mean(axis=0)).all()
    half = (absorbed_over_scattered(pair[0]) + absorbed_over_scattered(pair[1])) / 2
    np.testing.assert_allclose(absorbed_over_scattered(mixed[5]), half, rtol=1e-9)


def test_reflectance_of_a_ratio_is_its_inverse() -> None:
    reflectance = np.linspace(0.01, 1, 50)

    np.testing.assert_allclose(
        opaque_reflectance(absorbed_over_scattered(reflectance)), reflectance, atol=1e-9
    )
    # 3/4 of the light comes back where K/S is 1/24.
    assert opaque_reflectance(np.array([1 / 24]))[0] == pytest.approx(0.75)


@pytest.mark.parametrize("name", sorted(LAB))
def test_oxides_have_the_tabulated_colours(name: str) -> None:  # RU5
    colour = lab(np.array(OXIDES[name], dtype=np.float32)[None, None])[0, 0]

    assert np.linalg.norm(colour - LAB[name]) < 1.5  # the table is rounded to whole units


# The same notations as 8-bit sRGB, and mill scale.
SRGB = {
    "goethite, fine": (236, 193, 129),
    "goethite, coarse": (161, 111, 62),
    "lepidocrocite": (203, 131, 74),
    "lepidocrocite, dark": (150, 75, 38),
    "ferrihydrite": (102, 61, 46),
    "hematite": (154, 72, 50),
    "hematite, dark": (116, 51, 53),
    "magnetite": (45, 45, 48),
}


@pytest.mark.parametrize("name", sorted(OXIDES))
def test_oxides_have_the_tabulated_levels(name: str) -> None:  # RU5
    levels = linear_to_srgb(np.array(OXIDES[name])) * 255

    np.testing.assert_allclose(levels, SRGB[name], atol=1.5)


def test_a_film_as_dense_as_its_pigment_looks_like_it() -> None:
    colour = np.array([0.6, 0.2, 0.05])

    np.testing.assert_allclose(np.exp(-2 * film_depth(colour)), colour, rtol=1e-9)


def test_rust_gets_darker_with_age() -> None:
    colours = rust_colours(0.12, np.ones(len(OXIDES)))

    luminance = colours @ LUMINANCE
    assert luminance[0] > 2 * luminance[-1]
    assert (np.diff(luminance) <= 1e-9).all()
    assert (colours[:80, 0] > 1.5 * colours[:80, 2]).all()  # red over blue until it is black


def test_relative_albedo_takes_the_surface_out() -> None:
    rust = np.array([0.3, 0.1, 0.05])

    on_green = relative_albedo(rust, np.array([0.1, 0.3, 0.1]), 0.5)
    green = np.array([0.1, 0.3, 0.1]) / (np.array([0.1, 0.3, 0.1]) @ LUMINANCE)
    on_grey = relative_albedo(rust, np.array([0.2]), 0.5)

    np.testing.assert_allclose(on_green * green * 0.5, rust, rtol=1e-5)
    assert on_grey.shape == ()
    assert float(on_grey) == pytest.approx(float(rust @ LUMINANCE) / 0.5)


def test_grey_photos_see_the_luminance_of_films() -> None:
    depth = np.array([[0.1, 0.5, 1.0]])

    passed = np.exp(-2 * seen_depth(depth, 1))

    assert passed[0] == pytest.approx(float(np.exp(-2 * depth[0]) @ LUMINANCE), rel=1e-5)
    np.testing.assert_allclose(seen_depth(depth, 3), depth, rtol=1e-6)


def test_films_keep_their_depth_in_luminance() -> None:
    field = np.array([[0.2, 0.0]], dtype=np.float32)

    film = seen_film(field, np.array([0.5, 1.0, 2.0]), 3)

    assert film.shape == (1, 2, 3)
    assert float(film[0, 0] @ LUMINANCE) == pytest.approx(0.2, rel=1e-5)
    assert seen_film(field, np.ones(3), 1) is field


@pytest.mark.parametrize("hue", [0.0, 0.4, 0.8])
def test_paint_has_its_luminance_and_hue(hue: float) -> None:
    colour = paint(0.2, 0.6, hue)

    assert colour @ LUMINANCE == pytest.approx(0.2)
    assert colour.argmax() == round(3 * hue) % 3

"""Deformed surfaces follow contact and plate theory."""

import numpy as np
import pytest

from anomsynth.fields.relief import (
    DENT_REACH,
    NODES,
    Dent,
    cavity,
    dent_profile,
    fade,
    hertz_surface,
    pile_up_ratio,
    plate_deflection,
    plate_green,
    plate_residual,
    sampled,
)


@pytest.mark.parametrize("hardening", [0.0, 0.1, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("depth", [0.02, 0.2])
def test_balanced_dent_keeps_its_volume(hardening, depth) -> None:  # DE3
    profile = dent_profile(Dent(depth=depth, hardening=hardening))
    axis = np.arange(-150, 151) / 45
    distance = np.hypot(axis[:, None], axis).astype(np.float32)

    height = sampled(profile, distance)

    assert abs(height.sum(dtype=float)) < 0.02 * -height[height < 0].sum(dtype=float)


@pytest.mark.parametrize("sheet", [True, False])
def test_skirted_dent_lies_below_the_surface_everywhere(sheet) -> None:
    profile = dent_profile(Dent(depth=0.1, balanced=False, sheet=sheet))

    wide = np.linspace(0, DENT_REACH, NODES) > 1.3
    assert profile.min() == pytest.approx(-0.1, rel=0.06)
    assert profile[wide].min() < -0.002
    assert (np.diff(profile)[: NODES // 4] >= 0).all()


@pytest.mark.parametrize("balanced", [True, False])
def test_dent_ends_flat(balanced) -> None:
    profile = dent_profile(Dent(depth=0.2, balanced=balanced))

    assert profile[-1] == 0
    assert abs(profile[-2] - profile[-3]) < 1e-6


def test_harder_metal_piles_up_less() -> None:
    rims = [dent_profile(Dent(depth=0.1, hardening=n)).max() for n in (0.0, 0.1, 0.2)]

    assert rims[0] > rims[1] > rims[2] > 0


@pytest.mark.parametrize(("hardening", "ratio"), [(0, 1.25), (2 / 7, 1), (0.5, 0.8333), (1, 0.5)])
def test_pile_up_follows_hill(hardening, ratio) -> None:
    assert pile_up_ratio(hardening) == pytest.approx(ratio, abs=1e-3)


@pytest.mark.parametrize("hardening", [0.0, 0.05, 0.1])  # above, the volume needs more
def test_piled_up_rims_are_as_high_as_hill_says(hardening) -> None:
    q = np.linspace(0, DENT_REACH, NODES)
    profile = dent_profile(Dent(depth=0.1, hardening=hardening))

    # From where the crease no longer shows to where the cut-off begins: a power of the distance.
    outer = (q > 1.3) & (q < 1.5)
    slope, top = np.polyfit(np.log(q[outer]), np.log(profile[outer]), 1)
    assert slope < -1
    # A tenth of the depth springs back when the tool leaves; rounding the crease lifts the foot.
    height = (pile_up_ratio(hardening) - 1) * 0.1 / 0.9
    assert np.exp(top) == pytest.approx(1.05 * height, rel=0.05)


def test_dents_are_paraboloids_inside() -> None:
    q = np.linspace(0, DENT_REACH, NODES)
    profile = dent_profile(Dent(depth=0.1))

    inner = (q > 0.1) & (q < 0.65)
    slope = np.polyfit(np.log(q[inner]), np.log((profile - profile[0])[inner]), 1)[0]
    assert slope == pytest.approx(2, abs=0.03)


def test_hertz_is_continuous_and_has_its_tail() -> None:  # DE2
    radius, sphere = 2.0, 30.0
    near = hertz_surface(np.array([radius * (1 - 1e-9), radius * (1 + 1e-9)]), radius, sphere)
    far = hertz_surface(np.array([50 * radius]), radius, sphere)[0]

    assert near == pytest.approx(radius**2 / (2 * sphere), rel=1e-4)
    assert far == pytest.approx(4 * radius**3 / (3 * np.pi * sphere * 50 * radius), rel=1e-3)


def test_plate_under_a_point_load_sinks_by_theory() -> None:  # DE1
    load = np.zeros((256, 256))
    load[128, 128] = 1
    rigidity, foundation = 10.0**4, 1.0

    deflection = plate_deflection(load, rigidity, foundation)

    assert deflection[128, 128] == pytest.approx(1 / (8 * np.sqrt(rigidity)), rel=5e-3)
    green = plate_green(np.arange(40) / 10) / (8 * np.sqrt(rigidity))
    assert np.allclose(deflection[128, 128:168], green, atol=1e-5)


def test_plate_solution_satisfies_its_equation() -> None:
    load = np.random.default_rng(0).standard_normal((60, 90))

    deflection = plate_deflection(load, 40.0, 1.0)

    assert plate_residual(deflection, load, 40.0, 1.0) < 1e-9
    assert plate_residual(2 * deflection, load, 40.0, 1.0) > 0.5


@pytest.mark.parametrize("exponent", [1.5, 2, 5, 8])
def test_cavity_is_monotone_from_full_depth_to_a_flat_lip(exponent) -> None:  # PI5
    share = np.linspace(0, 1.2, 241, dtype=np.float32)

    depth = cavity(share, exponent)

    assert depth[0] == pytest.approx(1, abs=1e-6)
    assert (np.diff(depth) <= 1e-7).all()
    assert (depth[share >= 1] == 0).all()
    assert depth[share < 1][-1] < 0.02
    inner = (share > 0.4) & (share < 0.85)
    slope = np.polyfit(np.log(share[inner]), np.log(1 - depth[inner]), 1)[0]
    assert slope == pytest.approx(exponent, rel=0.02)


def test_fade_is_flat_at_both_ends() -> None:
    ends = fade(np.array([-1, 0, 1e-3, 1 - 1e-3, 1, 2]))

    assert ends == pytest.approx([0, 0, 0, 1, 1, 1], abs=1e-7)

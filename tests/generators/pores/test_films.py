"""Buckled films have the shapes and heights of plate theory."""

import numpy as np
import pytest

from anomsynth.generators.pores._films import (
    CLAMPED_ROOT,
    disc_deflection,
    disc_profile,
    strip_deflection,
    strip_profile,
)


def test_deflection_rises_with_the_root_of_the_excess_stress() -> None:
    assert strip_deflection(4) == pytest.approx(2)
    assert strip_deflection(1) == 0
    assert disc_deflection(1) == 0
    assert disc_deflection(5) / disc_deflection(2) == pytest.approx(2)
    # 0.2473 * 1.3 + 0.2231 * 0.91 = 0.5245
    assert disc_deflection(2) == pytest.approx(0.5245**-0.5, rel=1e-3)


def test_the_buckling_mode_belongs_to_the_critical_stress() -> None:
    # s_c = 14.68 D / (R^2 h) = 1.2235 E' (h/R)^2
    assert pytest.approx(1.2235, abs=1e-4) == CLAMPED_ROOT**2 / 12


@pytest.mark.parametrize("blown", [False, True])
def test_round_profiles_are_clamped(blown: bool) -> None:
    q = np.linspace(0, 1.2, 1201, dtype=np.float32)[None]
    shape = disc_profile(q, blown=blown)[0]

    assert shape[0] == 1
    assert shape[q[0] >= 1].max() < 1e-6
    assert abs(shape[1000] - shape[990]) / 0.01 < 0.06
    assert shape[500] == pytest.approx(0.5625 if blown else 0.4814, abs=2e-3)


def test_strip_profile_is_a_raised_cosine() -> None:
    shape = strip_profile(np.array([[-1.5, -1, -0.5, 0, 0.5, 1]], dtype=np.float32))[0]

    np.testing.assert_allclose(shape, [0, 0, 0.5, 1, 0.5, 0], atol=1e-6)

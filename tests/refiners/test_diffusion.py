"""Diffusion conserves mass, keeps to its domain and follows structure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.fields.structure import StructureTensor, structure_tensor
from anomsynth.refiners._diffusion import along, diffuse, edge_enhancing, fed_steps


def isotropic(shape: tuple[int, int]) -> StructureTensor:
    one = np.ones(shape, np.float32)
    return StructureTensor(one, np.zeros_like(one), one)


def stripes(shape: tuple[int, int] = (64, 64)) -> np.ndarray:
    cols = np.arange(shape[1])
    return np.repeat(10 * np.sin(cols / 2)[None, :], shape[0], axis=0).astype(np.float32)


@given(time=st.floats(0.01, 30))
def test_cycle_covers_exactly_the_time_asked_for(time) -> None:
    assert sum(fed_steps(time)) == pytest.approx(time, rel=1e-9)


def test_a_cycle_of_n_steps_reaches_its_published_time() -> None:
    assert len(fed_steps(2.5)) == 5
    assert len(fed_steps(0.25 * (100 + 10) / 3)) == 10


@given(seed=st.integers(0, 1000), time=st.floats(0.1, 12))
def test_mass_inside_the_domain_is_conserved(seed, time) -> None:
    rng = np.random.default_rng(seed)
    field = rng.random((20, 30)).astype(np.float32)
    inside = rng.random((20, 30)) < 0.7

    moved = diffuse(field, edge_enhancing(structure_tensor(field), 0.1), time, inside)

    assert moved[inside].sum() == pytest.approx(field[inside].sum(), rel=1e-5)
    assert np.array_equal(moved[~inside], field[~inside])


def test_second_moment_grows_by_four_times_the_time() -> None:
    field = np.zeros((81, 81), np.float32)
    field[40, 40] = 1

    moved = diffuse(field, isotropic(field.shape), 10.0, np.ones(field.shape, bool))

    rows, cols = np.mgrid[-40:41, -40:41]
    assert (moved * (rows**2 + cols**2)).sum() == pytest.approx(4 * 10.0, rel=0.01)


@pytest.mark.parametrize("ratio", [1.2, 1.5, 2.0])
def test_diffusivity_across_edges_is_weickert_s(ratio: float) -> None:
    strong, none = (np.full((1, 1), value, np.float32) for value in (ratio * 0.3**2, 0))

    tensor = edge_enhancing(StructureTensor(strong, none, none), 0.3)

    assert tensor.row_row[0, 0] == pytest.approx(1 - np.exp(-3.315 / ratio**4), abs=1e-4)
    assert tensor.col_col[0, 0] == pytest.approx(1)


def test_film_spreads_along_stripes_not_across() -> None:
    picture = stripes()
    field = np.zeros(picture.shape, np.float32)
    field[32, 32] = 1

    moved = diffuse(
        field, edge_enhancing(structure_tensor(picture), 0.3), 8.0, np.ones(picture.shape, bool)
    )

    rows, cols = np.mgrid[:64, :64] - 32
    assert (moved * rows**2).sum() > 5 * abs((moved * cols**2).sum())


def test_along_is_a_projector_on_the_stripe_direction() -> None:
    tensor = along(structure_tensor(stripes()))

    assert tensor.row_row[32, 32] == pytest.approx(1, abs=0.02)
    assert tensor.col_col[32, 32] == pytest.approx(0, abs=0.02)

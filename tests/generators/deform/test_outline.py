"""The long axis and the thin pieces of parts that were drawn with known ones."""

import math
from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.types import Surface
from anomsynth.generators.deform._outline import find_slender, principal_axis
from anomsynth.testing import make_surface


def with_leads(times: int = 1) -> Surface:
    """Return a block of 60 x 120 pixels with three leads of 6 x 70, so many times as large."""
    part = np.zeros((180, 200), bool)
    part[20:80, 40:160] = True
    for col in (60, 97, 134):
        part[80:150, col : col + 6] = True
    part = np.kron(part, np.ones((times, times), bool))
    return replace(make_surface(*part.shape), foreground=part, allowed=part.copy())


@pytest.mark.parametrize("angle", [-1.2, -0.4, 0.0, 0.7, 1.5])
def test_the_axis_runs_along_a_stick(angle: float) -> None:
    along, across = (part.ravel() for part in np.meshgrid(np.arange(-40, 41), np.arange(-3, 4)))
    ahead = np.array([math.sin(angle), math.cos(angle)])
    aside = np.array([math.cos(angle), -math.sin(angle)])
    places = [20.0, 30.0] + along[:, None] * ahead + across[:, None] * aside

    axis = principal_axis(places)

    assert axis.centre == pytest.approx([20, 30])
    assert axis.angle == pytest.approx(angle)
    assert axis.ahead == pytest.approx(ahead)
    assert axis.aside == pytest.approx(aside)
    assert axis.along == pytest.approx(along, abs=1e-9)
    assert axis.across == pytest.approx(across, abs=1e-9)


def test_finds_the_leads_and_their_held_ends() -> None:
    pieces = find_slender(with_leads())

    assert len(pieces) == 3
    for piece in pieces:
        assert piece.held == (True, False)
        assert piece.width == pytest.approx(6, abs=0.5)
        assert piece.line[0, 0] < 90
        assert piece.line[-1, 0] > 145
        assert not piece.mask[:79].any()


def test_finds_pieces_on_large_pictures() -> None:
    pieces = find_slender(with_leads(6))

    assert len(pieces) == 3
    assert pieces[0].width == pytest.approx(36, rel=0.15)

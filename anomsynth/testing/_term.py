"""What is asked of a term of the score."""

import math
from numbers import Real

from anomsynth.errors import PluginError
from anomsynth.sqe.calibration import default_calibration
from anomsynth.sqe.estimator import make_picture
from anomsynth.sqe.region import Region
from anomsynth.sqe.regions import find_regions
from anomsynth.sqe.term import Term
from anomsynth.testing._demand import check_instance, demand, pickled, unchanged
from anomsynth.testing.surfaces import make_defect, make_pixels

SIZES = (4, 24, 90)  # pixels, sides of the defects it is asked about

RESIDUALS = {"mass_residual": 0.03}  # as a manifest records them


def check_term(term: Term) -> None:
    """Check that a term keeps its contract: grey and coloured, large and tiny, paired and blind.

    It measures a finite number or says None, always the same; it has a curve, which rates every
    number in [0, 1], and words for each side that is bad.

    Raises
    ------
    PluginError
        If it does not; the message says in what.
    """
    check_instance(term, Term)
    demand(term.name.isidentifier(), f"name {term.name!r}: use letters, digits and _")
    demand(term.role in {"fidelity", "utility"}, f"role {term.role!r}: fidelity or utility")
    demand(0 < term.weight < math.inf, f"weight {term.weight}: expected a number above 0")
    demand(term.bad == "high" or term.too_low, "too_low: a low value is bad, but no words say so")
    demand(term.bad == "low" or term.too_high, "too_high: a high value is bad, but no words say so")
    demand(pickled(term) == term, "another one comes out of pickle")
    found = [value for region in _regions() if (value := _measured(term, region)) is not None]
    demand(found, "it measures none of the regions it is tried on")
    try:
        curve = default_calibration().curve(term, paired=True)
    except KeyError:
        raise PluginError("curve: it needs one, no calibration knows it") from None
    for value in (*found, 0.0, -1.0, 1.0, 1e9, -1e9):
        rated = curve(value)
        demand(0 <= rated <= 1, f"curve: rates {value:g} as {rated:g}, not in [0, 1]")


def _measured(term: Term, region: Region) -> float | None:
    before, marked = region.pixels.copy(), region.inside.copy()
    value, again = term.measure(region), term.measure(region)
    unchanged(before, region.pixels, "the picture")
    unchanged(marked, region.inside, "the mask")
    known = value is None or isinstance(value, Real)
    demand(known, f"it measures {value!r}, neither a number nor None")
    demand(value == again, f"it measures {value}, then {again} of one region")
    demand(value is None or math.isfinite(value), f"it measures {value}")
    return value


def _regions() -> list[Region]:
    """Return defects of several sizes, with and without the good photo."""
    found: list[Region] = []
    for channels in (1, 3):
        good = make_pixels(channels=channels)
        for size in SIZES:
            image, mask = make_defect(good, size)
            for original in (good, None):
                picture = make_picture(image, mask, original=original, residuals=RESIDUALS)
                found += find_regions(picture)
    return found

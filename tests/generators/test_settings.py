"""Numbers and bounds that are not drawn once shape the defect, too."""

from dataclasses import replace

import pytest

from anomsynth.core.component import drawn_fields
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.testing import digest, make_surface

# kind: (what is set, another value than the default, what has to be the case)
SETTINGS = {
    "crease": [
        ("width_scatter", 0, {}),
        ("height_scatter", 0, {}),
        ("speckle", 0, {}),
        ("cross_scatter", 0, {"cross_height": 0.6}),
        ("cross_lean", 0, {"cross_height": 0.6}),
    ],
    "warpage": [
        ("weights", [0, 0, 1], {}),
        ("skirt_depth", 0.9, {"mode": "dent", "skirt_probability": 1}),
        ("plate_probability", 1, {"mode": "dent", "skirt_probability": 1}),
        ("load_half_length", 0.2, {"mode": "bend"}),
        ("load_half_width", 0.6, {"mode": "bend"}),
        ("load_force", 1, {"mode": "bend"}),
    ],
    "burn": [
        ("bow", 0, {"pass_probability": 1}),
        ("power_scatter", 0, {"pass_probability": 1}),
        ("soot_scatter", 0, {"mode": "char", "soot": 0.5}),
        ("char_scatter", 0, {"mode": "char", "char_c": 420}),
    ],
    "imbibition": [("edge_half_length", 1, {"edge_probability": 1})],
    "print_defect": [
        ("flake_scatter", 0, {"mode": "missing", "streak_probability": 0}),
        ("width_scatter", 0, {"mode": "missing", "streak_probability": 1}),
        ("trail_scatter", 0, {"mode": "smear"}),
        ("more_streaks", 8, {"mode": "missing", "streak_probability": 1}),
        ("spot_strength", 0.1, {"mode": "spot"}),
        ("spot_stretch", 2, {"mode": "spot"}),
        ("speck_radius", 0.5, {"mode": "spot", "specks": 6}),
        ("speck_scatter", 0, {"mode": "spot", "specks": 6}),
        ("speck_distance", 0, {"mode": "spot", "specks": 6}),
    ],
    "rust": [
        ("age_scatter", 0, {}),
        ("grain_contrast", 0, {}),
        ("streak_strength", 0, {"streak_probability": 1}),
    ],
    "stain": [
        ("drop_radius", 0.5, {"drops": 4}),
        ("drop_distance", 0, {"drops": 4}),
        ("inner_radius", 0.5, {"pattern": "contour"}),
        ("inner_width", 1, {"pattern": "contour"}),
        ("inner_mass", 0, {"pattern": "contour"}),
    ],
}
CASES = [(kind, *row) for kind, rows in SETTINGS.items() for row in rows]


@pytest.mark.parametrize(("kind", "name", "value", "given"), CASES)
def test_a_setting_changes_the_defect(kind, name, value, given) -> None:
    surface = striped() if kind == "print_defect" else make_surface()
    usual = generators.build({"kind": kind, **given})
    other = generators.build({"kind": kind, **given, name: value})

    changed = [
        digest(usual.generate(surface, stream(seed)))
        != digest(other.generate(surface, stream(seed)))
        for seed in range(4)
    ]

    assert any(changed)


@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_no_setting_is_forgotten_here(kind) -> None:
    model = generators.load(kind)
    choices = {"kind", "mode", "pattern", "residue", "liquid", "change", "shape"}

    settings = set(model.model_fields) - set(drawn_fields(model)) - choices

    assert settings == {name for name, _, _ in SETTINGS[kind]}


def striped() -> Surface:
    """Return a surface with bars that look printed."""
    surface = make_surface()
    pixels = surface.pixels.copy()
    pixels[:, ::12] = pixels[:, 1::12] = 30
    return replace(surface, pixels=pixels)

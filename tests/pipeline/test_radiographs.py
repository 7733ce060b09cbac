"""Radiographs: the saved pictures obey the law of attenuation, in the millimeters that are told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import anomsynth as asy
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.dataset.manifest import read_lines
from anomsynth.demo.standins import make_stand_in
from anomsynth.errors import RecipeError, UserError
from anomsynth.recipe.load import choose_kinds
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.transmission import measured_at

MM_PER_PX = 0.1
ATTENUATION = 0.25  # per mm
BEAM = 60000  # level where nothing is in the way
FLAW = {"kind": "porosity", "sizes": "lognormal", "count": 1, "spread": 0, "cut_probability": 0}
SPHERE = {**FLAW, "radius_mm": 1.2, "stretch": 1, "irregularity": 0}
Saved = tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, object]]


def recipe(mechanism: dict[str, object], **changes: object) -> asy.Recipe:
    """Return a recipe of one physical defect in each radiograph, nothing refined."""
    settings = {
        "version": 1,
        "name": "rays",
        "mm_per_px": MM_PER_PX,
        "encoding": "linear",
        "transmission": True,
        "radiation": {"attenuation": ATTENUATION},
        "severity": {"physical": True},
        "defects_per_image": 1,
        "mechanisms": [{"generator": mechanism}],
    }
    return asy.load_recipe("generic", **{**settings, "refiners": [], **changes})


@pytest.fixture
def save(tmp_path) -> Callable[..., Saved]:
    """Write a radiograph of a wedge, damage it, and read what was written."""

    def save(mechanism: dict[str, object], backdrop: bool = False, **changes: object) -> Saved:
        thick = np.linspace(3, 5, 200)[None, :] * np.ones((160, 1))
        if backdrop:
            thick[:24] = 0
        else:
            changes = {"part": "picture", **changes}
        levels = BEAM * np.exp(-ATTENUATION * thick) * np.ones((160, 200))
        (tmp_path / "photos").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "photos" / "0.png"), np.rint(levels).astype(np.uint16))
        asy.generate(
            tmp_path / "photos",
            tmp_path / "out",
            preset=recipe(mechanism, **changes),
            per_image=1,
            test_share=0,
            tree_depth=16,
            extras=["height", "strict"],
            jobs=1,
            overwrite=True,
        )
        return read(tmp_path / "photos" / "0.png", tmp_path / "out")

    return save


def read(photo: Path, out: Path) -> Saved:
    lines = read_lines(out / "_anomsynth" / "photos" / "manifest.jsonl")
    line = next(line for line in lines if line["what"] == "sample")
    before, after = (
        cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        for path in (photo, out / line["files"]["image"])
    )
    assert before.dtype == after.dtype == np.uint16
    beside = {Path(name).parent.name: out / name for name in line["files"]["extras"]}
    height = cv2.imread(str(beside["height"]), cv2.IMREAD_UNCHANGED)
    strict = cv2.imread(str(beside["strict"]), cv2.IMREAD_UNCHANGED) > 0
    assert np.array_equal(before[~strict], after[~strict])
    instance = line["record"]["instances"][0]
    return np.log(after / np.maximum(before, 1)), height, strict, instance


@pytest.mark.parametrize(
    "mechanism",
    [
        SPHERE,
        {**SPHERE, "filling": 3},
        {"kind": "crack", "width_mm": 0.3, "depth_ratio": 8, "length": 0.4},
        {"kind": "hole", "mode": "bore", "radius_mm": 1.2, "depth_ratio": 1.5},
        {"kind": "warpage", "weights": [1, 0, 0]},
    ],
)
@pytest.mark.parametrize("response", [1.0, -2.0])
def test_light_answers_to_the_material_that_is_missing(save, mechanism, response) -> None:
    rays = {"attenuation": ATTENUATION, "response": response}

    change, height, strict, _ = save(mechanism, radiation=rays)

    free = strict & (change > np.log(1e-3)) & (change < np.log(1.5))
    assert np.abs(height[strict]).max() > 0.2
    assert free.sum() > 20
    assert change[free] == pytest.approx(-ATTENUATION * response * height[free], abs=2e-3)


def test_a_sphere_is_seen_by_its_chords_and_its_volume(save) -> None:
    change, _, strict, instance = save(SPHERE)

    radius = SPHERE["radius_mm"]
    chord = change / ATTENUATION
    assert chord.max() == pytest.approx(2 * radius, rel=0.02)
    assert chord[strict].sum() * MM_PER_PX**2 == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.02)
    assert instance["measured"]["volume_mm3"] == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)


@pytest.mark.parametrize(
    "mechanism", [SPHERE, {"kind": "crack", "width_mm": 0.3, "depth_ratio": 8, "length": 0.4}]
)
def test_sizes_are_those_of_the_strength_that_was_asked_for(save, mechanism) -> None:
    *_, nominal = save(mechanism)
    strong = {"severity": {"d_prime": 4, "area_cap": 8}, "gates": {"reach": 0}}  # the same defect
    _, height, _, instance = save(mechanism, **strong)

    measured, gain = instance["measured"], instance["gain"]
    assert nominal["gain"] == 1
    assert abs(gain - 1) > 0.2
    volume = measured["volume_mm3"]
    assert volume == pytest.approx(gain * nominal["measured"]["volume_mm3"], rel=1e-4)
    assert volume == pytest.approx(-height.sum(dtype=float) * MM_PER_PX**2, rel=0.05)
    assert measured["chord_mm"] == pytest.approx(-height.min(), rel=1e-4)


def test_only_lengths_along_the_ray_grow_with_the_strength() -> None:
    chord = np.float32([[0.5, -2.0], [0, 1]])
    told = {"depth_mm": 2.0, "length_mm": 3.0, "largest_radius_px": 4.0}
    layer = DefectLayer("chip", (0, 0), chord != 0, chord=chord, measured=told)

    assert measured_at(layer, 1.5) == {**told, "depth_mm": 3.0, "chord_mm": -3.0}
    assert measured_at(replace(layer, chord=None, height=chord), 1.5) == told


def test_a_gap_is_seen_by_its_section(save) -> None:
    mechanism = {"kind": "crack", "mode": "path", "width_mm": 0.4, "depth_ratio": 5, "length": 0.5}
    straight = {"variation": 0, "chips": 0, "hairlines": 0, "edge_probability": 0}

    change, _, strict, instance = save({**mechanism, **straight})

    made = instance["measured"]
    volume = (change / ATTENUATION)[strict].sum() * MM_PER_PX**2
    assert volume == pytest.approx(made["volume_mm3"], rel=0.02)
    # pi/4 w (5 w) all along, with w the root of the distance from two tips: 2/3 of it in the mean.
    widest = made["widest_px"] * MM_PER_PX
    assert (change / ATTENUATION).max() == pytest.approx(5 * widest, rel=0.1)
    assert volume < np.pi / 4 * 5 * widest**2 * made["length_mm"]


def test_a_hole_misses_its_depth(save) -> None:
    bore = {"kind": "hole", "mode": "bore", "radius_mm": 1.5, "depth_ratio": 1, "lip_height": 1e-6}

    change, _, strict, _ = save(bore)

    assert np.median(change[strict]) / ATTENUATION == pytest.approx(1.5, rel=0.02)


def test_what_absorbs_more_is_darker(save) -> None:
    gas, *_ = save(SPHERE)
    metal, *_ = save({**SPHERE, "filling": 4})

    assert gas.max() > 0.3 > gas.min() >= 0
    assert metal.min() == pytest.approx(-3 * gas.max(), rel=0.02)


def test_nothing_missing_is_brighter_than_the_open_beam(save) -> None:
    hole = {"kind": "hole", "mode": "bore", "radius_mm": 1.2, "depth_ratio": 20}

    rays = {"attenuation": ATTENUATION, "open_beam": "beside"}
    change, _, strict, _ = save(hole, backdrop=True, radiation=rays)

    thick = np.linspace(3, 5, 200)[None, :] * np.ones((160, 1))
    gone = strict & (change > 0.98 * ATTENUATION * thick)
    assert gone.sum() > 100
    assert (change <= ATTENUATION * thick + 2e-3)[strict].all()
    assert change[gone] == pytest.approx((ATTENUATION * thick)[gone], abs=2e-3)


def test_strength_is_solved_for_by_more_or_less_material(save) -> None:
    gains = []
    for d_prime in (2, 3.5):
        severity = {"physical": False, "d_prime": d_prime, "delta_e": 0.01}
        *_, instance = save(SPHERE, severity=severity, radiation={"attenuation": 0.09})

        assert instance["visibility"] == pytest.approx(d_prime, rel=0.1)
        gains.append(instance["gain"])

    assert gains[1] > 1.4 * gains[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mechanisms": [{"generator": {"kind": "stain"}}]}, "'stain' changes no thickness"),
        ({"transmission": False}, "write transmission = true"),
        ({"radiation": {"response": 0}}, "response: must not be 0"),
        ({"radiation": {"attenuation": 0}}, "attenuation: input should be greater than 0"),
    ],
)
def test_recipes_that_make_no_radiograph_are_refused(changes, said) -> None:
    with pytest.raises(RecipeError, match=said):
        recipe(SPHERE, **changes)


def test_flaws_lie_where_material_is_and_not_in_bores() -> None:
    recipe = asy.load_recipe("radiograph_casting")

    surface = surface_of(make_stand_in("casting", 0).pixels, recipe)

    grey = surface.pixels[..., 0]
    assert 0.6 < surface.foreground.mean() < 0.72
    assert np.quantile(grey[surface.foreground], 0.99) < 0.95 * np.median(grey[~surface.foreground])
    bore = cv2.connectedComponents((~surface.foreground).astype(np.uint8))[0] - 1
    assert bore >= 2  # what is around the part, and what is inside
    again = asy.synthesize(asy.analyze(make_stand_in("casting", 0).pixels), recipe, seed=2)
    assert np.array_equal(again.image, asy.synthesize(surface, recipe, seed=2).image)


def test_kinds_that_only_colour_are_not_added_to_a_radiograph() -> None:
    with pytest.raises(RecipeError, match="'stain' changes no thickness"):
        choose_kinds(asy.load_recipe("radiograph_weld"), ["crack", "stain"])


def test_a_radiograph_has_no_normals(save, tmp_path) -> None:
    save(SPHERE)

    with pytest.raises(UserError, match="normals"):
        asy.generate(
            tmp_path / "photos", tmp_path / "new", preset=recipe(SPHERE), extras="normals", jobs=1
        )
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", ["porosity", "crack", "hole"])
def test_what_lies_inside_is_a_chord_and_nothing_else(kind: str, surface) -> None:
    generator = asy.load_recipe("generic", mechanisms=[{"generator": {"kind": kind}}])
    mechanism: Generator = generator.mechanisms[0].generator

    layer = mechanism.transmit(surface, np.random.default_rng(3))

    assert set(layer.fields()) == {"chord"}
    assert set(layer.parameters) == set(mechanism.ranges)
    assert (layer.chord[~layer.support] == 0).all()


def test_sixteen_bits_that_were_asked_for_are_no_error(save, tmp_path) -> None:
    save({"kind": "porosity"})

    found = asy.validate(tmp_path / "out").findings
    (tmp_path / "out" / "_anomsynth" / "run.json").unlink()
    foreign = asy.validate(tmp_path / "out").findings

    assert {one.level for one in found if one.check == "deep-image"} == {"note"}
    assert {one.level for one in foreign if one.check == "deep-image"} == {"error"}

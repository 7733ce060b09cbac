"""`--preset auto` goes by names first and by looks second, and says which."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from anomsynth.demo.standins import make_stand_in
from anomsynth.errors import InputError
from anomsynth.pipeline.auto import FINISHES, MATERIALS, choose_preset, guess_material
from anomsynth.recipe.presets import preset_names
from anomsynth.surface.analyze import analyze
from anomsynth.surface.appearance import Appearance, measure_appearance

LOOK = Appearance(
    part_share=1.0,
    lightness=50.0,
    chroma=0.0,
    hue_deg=0.0,
    contrast=1.0,
    spread=10.0,
    coherence=0.2,
    repetition=0.0,
)


def write(folder: Path, pixels: np.ndarray, name: str = "0.png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    done, coded = cv2.imencode(".png", pixels[..., ::-1])
    assert done
    (folder / name).write_bytes(coded.tobytes())
    return folder / name


@pytest.mark.parametrize(
    ("category", "preset"),
    [("bottle", "mvtec/bottle"), ("Metal Nut", "mvtec/metal_nut"), ("wood", "mvtec/wood"),
     ("pcb1", "visa/pcb1"), ("02", "btad/02"), ("metal_cast", "metal_cast")],
)  # fmt: skip
def test_a_known_name_decides_without_a_look(category: str, preset: str) -> None:
    choice = choose_preset(category, [])

    assert choice.preset == preset
    assert category in choice.why


@pytest.mark.parametrize(
    ("category", "preset", "word"),
    [("Steel-Plate_2", "metal", "steel"), ("painted_steel", "metal_painted", "painted"),
     ("wood screw", "metal", "screw"), ("line3/castings", "metal_cast", "castings"),
     ("glass cover", "glass", "glass"), ("ceramic_tiles", "ceramic_tile", "tiles")],
)  # fmt: skip
def test_a_word_of_the_name_tells_the_material(category: str, preset: str, word: str) -> None:
    choice = choose_preset(category, [])

    assert choice.preset == preset
    assert word in choice.why


def test_every_material_that_words_tell_has_a_preset() -> None:
    assert set(FINISHES) | set(MATERIALS) <= set(preset_names())


def test_warm_light_does_not_turn_metal_into_wood() -> None:
    marks = replace(LOOK, coherence=0.7, hue_deg=60.0)

    assert guess_material(replace(marks, chroma=9.0))[0] == "metal_brushed"
    assert guess_material(replace(marks, chroma=20.0))[0] == "wood"


def test_an_unknown_name_leaves_it_to_the_look(tmp_path: Path) -> None:
    photo = write(tmp_path, make_stand_in("leather").pixels)

    choice = choose_preset("line 7", [photo])

    assert choice.preset == "leather"
    assert "look of the photos" in choice.why


def test_unreadable_photos_are_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    good = write(tmp_path, make_stand_in("plate").pixels)

    assert choose_preset("x", [broken, good]).preset == "metal_brushed"
    with pytest.raises(InputError, match=r"broken\.png"):
        choose_preset("x", [broken])


@pytest.mark.parametrize(
    ("stand_in", "preset"),
    [("wood", "wood"), ("weave", "fabric"), ("plate", "metal_brushed"), ("object", "food")],
)
def test_stand_ins_are_taken_for_what_they_stand_for(stand_in: str, preset: str) -> None:
    look = measure_appearance(analyze(make_stand_in(stand_in).pixels))

    assert guess_material(look)[0] == preset


@pytest.mark.parametrize(
    ("changes", "preset"),
    [
        ({}, "generic"),
        ({"contrast": 12.0}, "concrete"),
        ({"contrast": 3.0}, "metal_cast"),
        ({"lightness": 90.0}, "ceramic_tile"),
        ({"chroma": 20.0, "hue_deg": 300.0}, "plastic"),
        ({"chroma": 20.0, "hue_deg": 150.0, "spread": 40.0}, "pcb"),
        ({"part_share": 0.3, "lightness": 20.0}, "rubber"),
    ],
)
def test_every_look_has_a_preset_that_exists(changes: dict[str, float], preset: str) -> None:
    chosen, why = guess_material(replace(LOOK, **changes))

    assert chosen == preset
    assert chosen in preset_names()
    assert why

"""`--preset auto` goes by names first and by looks second, and says which."""

import threading
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import anomsynth as asy
from anomsynth.demo.standins import make_stand_in
from anomsynth.errors import InputError
from anomsynth.pipeline.auto import FINISHES, LOOKS, MATERIALS, choose_preset, guess_material
from anomsynth.pipeline.events import Event, PresetChosen
from anomsynth.recipe.presets import preset_names
from anomsynth.surface.analyze import analyze
from anomsynth.surface.appearance import Appearance, measure_appearance

REAL = Path(__file__).parents[3] / "shared" / "data" / "foreground"
LOOK = Appearance(
    part_share=1.0,
    lightness=50.0,
    chroma=0.0,
    hue_deg=0.0,
    contrast=1.0,
    spread=10.0,
    coherence=0.2,
    alignment=0.3,
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
     ("pcb1", "visa/pcb1"), ("metal_cast", "metal_cast"),
     ("mvtec_bottle", "mvtec/bottle"), ("MVTec-AD-wood", "mvtec/wood"),
     ("visa-candle", "visa/candle"), ("VisA_pcb1", "visa/pcb1"), ("BTAD_01", "btad/01"),
     ("parts/mvtec_pill", "mvtec/pill")],
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


def test_a_number_is_a_category_of_a_data_set_only_inside_its_folder(tmp_path: Path) -> None:
    photo = write(tmp_path / "btad" / "02" / "train" / "ok", make_stand_in("texture").pixels)
    other = write(tmp_path / "line" / "02", make_stand_in("texture").pixels)

    assert choose_preset("02", [photo]).preset == "btad/02"
    assert choose_preset("02", [other]).preset == "generic"


def test_warm_light_does_not_turn_metal_into_wood() -> None:
    marks = replace(LOOK, coherence=0.7, alignment=0.95, hue_deg=60.0)

    assert guess_material(replace(marks, chroma=8.0))[0] == "metal_brushed"
    assert guess_material(replace(marks, chroma=20.0))[0] == "wood"
    assert guess_material(replace(marks, chroma=11.0))[0] == "generic"


def test_marks_that_turn_about_are_no_brushed_metal() -> None:
    turned = replace(LOOK, coherence=0.7, alignment=0.2)

    assert guess_material(turned)[0] == "generic"


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
    [("wood", "wood"), ("weave", "fabric"), ("plate", "metal_brushed"), ("object", "generic")],
)
def test_stand_ins_are_taken_for_what_they_stand_for(stand_in: str, preset: str) -> None:
    look = measure_appearance(analyze(make_stand_in(stand_in).pixels))

    assert guess_material(look)[0] == preset


@pytest.mark.parametrize("preset", sorted(LOOKS))
def test_a_look_in_the_middle_of_its_bounds_is_told_with_full_confidence(preset: str) -> None:
    middle = {bound.name: (bound.low + min(bound.high, 2 * bound.low + 1)) / 2
              for bound in LOOKS[preset][1]}  # fmt: skip

    chosen, why = guess_material(replace(LOOK, **middle))

    assert chosen == preset
    assert chosen in preset_names()
    assert "confidence 1.00" in why
    assert all(other in why for other in LOOKS if other != preset)


def test_an_unsure_look_is_generic_and_says_what_was_considered() -> None:
    chosen, why = guess_material(LOOK)

    assert chosen == "generic"
    assert all(preset in why for preset in LOOKS)


# What a look may say of each product; the broad preset is never wrong.
ACCEPTABLE = {
    "bsd_ballscrew": {"metal", "metal_brushed"},
    "elpv_mono": {"glass"},
    "hazelnut_toy": {"plastic"},
    "kolektor_sdd": {"plastic"},
    "magnetic_tile": {"magnetic_tile", "metal_brushed", "ceramic_tile"},
    "mpdd_metal_plate": {"metal_painted"},
    "mtoc_optics": {"glass"},
    "mvtec_bottle": {"glass", "mvtec/bottle"},
    "mvtec_leather_crops": {"leather", "mvtec/leather"},
    "mvtec_pill": {"mvtec/pill"},
    "mvtec_screw": {"metal", "mvtec/screw"},
    "mvtec_tile_crops": {"ceramic_tile", "mvtec/tile", "concrete"},
    "mvtec_toothbrush": {"plastic", "mvtec/toothbrush"},
    "mvtec_transistor": {"pcb", "mvtec/transistor"},
    "piped_paper_grey": {"paper"},
    "sk_coins": {"metal"},
    "sk_textures": {"concrete"},
    "steel_scratch_crops": {"metal", "metal_brushed"},
    "visa_fryum": {"food", "visa/fryum"},
}


@pytest.mark.skipif(not REAL.is_dir(), reason="no real photos here")
@pytest.mark.parametrize("product", sorted(ACCEPTABLE))
def test_no_real_product_is_taken_for_a_wrong_material(product: str) -> None:
    photos = [path for path in sorted((REAL / product).iterdir())
              if path.suffix in {".png", ".jpg"} and "mask" not in path.name]  # fmt: skip

    choice = choose_preset("photos", photos)

    assert photos
    assert choice.preset in ACCEPTABLE[product] | {"generic"}, choice


def test_a_recipe_is_tried_and_tuned_on_the_preset_that_a_run_takes(tmp_path: Path) -> None:
    photos = tmp_path / "line 7"
    looks = {True: make_stand_in("plate").pixels, False: make_stand_in("leather").pixels}
    for index in range(20):  # a run looks at every fourth
        write(photos, looks[index % 4 == 0], f"{index:02}.png")
    chosen: dict[str, str] = {}

    def listen(command: str) -> Callable[[Event], None]:
        def take(event: Event) -> None:
            if isinstance(event, PresetChosen):
                chosen[command] = event.preset

        return take

    def end(url: str) -> None:
        request = urllib.request.Request(url + "end", data=b"{}")
        threading.Thread(target=urllib.request.urlopen, args=(request,)).start()

    asy.generate(
        photos, tmp_path / "out", preset="auto", count=1, jobs=1, on_event=listen("generate")
    )
    for count in (1, 3, 6):
        asy.preview(
            photos, preset="auto", count=count, out=None, on_event=listen(f"preview {count}")
        )
    asy.tune(photos, out=tmp_path / "mine.toml", on_event=listen("tune"), on_ready=end)

    assert len(chosen) == 5
    assert set(chosen.values()) == {"metal_brushed"}

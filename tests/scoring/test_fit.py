"""Calibrating on good photos gives the same small file every time."""

import pytest

from anomsynth.core.photo import as_photo
from anomsynth.demo.photos import demo_photos
from anomsynth.errors import InputError
from anomsynth.recipe.load import load_recipe
from anomsynth.scoring import fit as scoring_fit
from anomsynth.scoring.fit import calibrate, embedded_materials, own_materials, read_normals
from anomsynth.sqe.estimator import Estimator


@pytest.fixture(scope="module")
def materials():
    photos = demo_photos()["gravel"]
    named = [(str(index), as_photo(photo)) for index, photo in enumerate(photos)]
    return own_materials(named[:3], load_recipe("generic"))


@pytest.fixture(scope="module")
def calibration(materials):
    return calibrate(materials, "gravel")


def test_own_photos_give_an_estimator_that_tells_good_from_spoilt(calibration) -> None:
    estimator = Estimator(calibration)
    photo = demo_photos()["gravel"][6]
    mask = photo * 0 > 1
    mask[100:130, 90:150] = True
    pasted = photo.copy()
    pasted[mask] = 120

    assert calibration.source == "gravel"
    assert estimator.score(pasted, mask).score < 0.4


@pytest.mark.slow
def test_the_same_photos_give_the_same_file_with_any_number_of_jobs(calibration, materials) -> None:
    assert calibrate(materials, "gravel", jobs=2).to_json() == calibration.to_json()


def test_the_shipped_calibration_stands_on_all_embedded_photos() -> None:
    materials = embedded_materials()

    assert len(materials) == sum(len(photos) for photos in demo_photos().values())
    assert len({material.name for material in materials}) == len(materials)


def test_photos_are_thinned_evenly(monkeypatch) -> None:
    monkeypatch.setattr(scoring_fit, "MOST_PHOTOS", 3)
    photo = as_photo(demo_photos()["metal"][0])

    chosen = own_materials([(str(index), photo) for index in range(9)], load_recipe("generic"))

    assert [material.name for material in chosen] == ["0", "4", "8"]


def test_unreadable_photos_are_told_and_none_at_all_is_an_error(photos, tmp_path) -> None:
    (photos / "a.png").write_bytes(b"nothing")
    lines: list[str] = []

    assert len(read_normals(photos, lines.append)) == 3
    assert "a.png" in lines[0]

    for path in photos.iterdir():
        path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="no photo can be read"):
        read_normals(photos, lines.append)

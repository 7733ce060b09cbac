"""What is learned from, what is held out, and what cannot be trained on."""

import json

import cv2
import numpy as np
import pytest

from anomsynth.bisqad.data.fresh import fresh_defects
from anomsynth.bisqad.data.samples import find_split
from anomsynth.bisqad.options import TrainOptions
from anomsynth.errors import InputError, UserError
from anomsynth.recipe.load import load_recipe


def write_recipe(root):
    recipe = load_recipe("metal").model_dump(mode="json", exclude_none=True)
    (root / "_anomsynth").mkdir()
    (root / "_anomsynth/run.json").write_text(json.dumps({"recipe": recipe, "categories": {}}))


def find(root, category=None, val=None, *, unified=False, **options):
    return find_split(root, TrainOptions(category, unified, val, **options))


def ids(items) -> set[str]:
    return {item.id for item in items}


@pytest.mark.parametrize("test_good", [0, 3, 8])
def test_what_is_held_out_is_never_learned_from(tmp_path, test_good, write_dataset) -> None:
    split = find(write_dataset(tmp_path, test_good=test_good))

    learned = {item.image for item in (*split.normals, *split.defects)}
    apart = {item.image for item in (*split.held_normals, *split.held_defects)}
    assert learned
    assert apart
    assert not learned & apart
    assert split.held_normals
    assert {item.kind for item in split.held_defects} <= {"crack", "dent"}


def test_good_test_photos_are_held_out_and_cost_no_training_photo(tmp_path, write_dataset) -> None:
    split = find(write_dataset(tmp_path))

    assert len(split.normals) == 12
    assert all("test/good" in item.id for item in split.held_normals)


def test_real_defects_are_trusted_instead_of_held_out_ones(tmp_path, write_dataset) -> None:
    real = write_dataset(tmp_path / "real", defects=3)

    split = find(write_dataset(tmp_path / "made"), val=real)

    assert len(split.defects) == 12
    assert len(split.held_defects) == 3
    assert all(item.id.startswith("val/") for item in split.held_defects)
    assert ids(split.held_normals) > ids(find(tmp_path / "made").held_normals)


def test_a_quarter_of_the_defects_are_the_real_ones_that_are_to_be_learned(
    tmp_path, write_dataset
) -> None:
    real = write_dataset(tmp_path / "real", defects=3)

    split = find(write_dataset(tmp_path / "made"), learn=real)

    learned = [item for item in split.defects if real in item.image.parents]
    made = [item for item in split.defects if item not in learned]
    assert [item.image.name for item in learned] == 2 * [item.image.name for item in learned[:3]]
    assert len(ids(split.defects)) == len(split.defects)
    assert len(made) == 10  # two of twelve are held out
    assert not [item for item in learned if item.good]
    apart = (*split.normals, *split.held_normals, *split.held_defects)
    assert not [item for item in apart if real in item.image.parents]


def test_many_real_defects_are_each_learned_once(tmp_path, write_dataset) -> None:
    real = write_dataset(tmp_path / "real", defects=110)

    split = find(write_dataset(tmp_path / "made"), learn=real)

    learned = [item.image for item in split.defects if real in item.image.parents]
    assert len(learned) == len(set(learned)) == 110


def test_real_defects_that_are_held_out_or_in_the_dataset_are_not_learned(
    tmp_path, write_dataset
) -> None:
    real, made = write_dataset(tmp_path / "real", defects=3), write_dataset(tmp_path / "made")

    with pytest.raises(InputError, match=r"`learn`: .*: 12 images of the dataset, or held out"):
        find(made, learn=made / "tile")
    with pytest.raises(InputError, match=r"`learn`: .*: 3 images of the dataset, or held out"):
        find(made, val=real, learn=real / "tile")


def test_each_category_learns_from_its_own_real_defects(tmp_path, write_dataset) -> None:
    both = {"categories": ("plate", "tile")}
    made, real = write_dataset(tmp_path / "made", **both), tmp_path / "real"
    write_dataset(real, defects=2, **both)

    apart, joined = find(made, "plate", learn=real), find(made, unified=True, learn=real)

    def learned(split):
        return [item.category for item in split.defects if real in item.image.parents]

    assert learned(apart) == ["plate"] * 4
    assert learned(joined) == ["plate"] * 4 + ["tile"] * 4
    write_dataset(real, categories=("bolt",), defects=1)
    with pytest.raises(InputError, match="no categories of the dataset: bolt"):
        find(made, unified=True, learn=real)


def test_what_a_dataset_of_one_category_learns_may_be_called_otherwise(
    tmp_path, write_dataset
) -> None:
    real = write_dataset(tmp_path / "real", categories=("few",), defects=2)

    split = find(write_dataset(tmp_path / "made"), learn=real)

    assert {item.category for item in split.defects} == {"tile"}


def test_a_recipe_of_pasted_defects_alone_makes_none_to_trust(tmp_path, write_dataset) -> None:
    recipe = load_recipe("baseline/paste_real").model_dump(mode="json", exclude_none=True)
    (write_dataset(tmp_path) / "_anomsynth").mkdir()
    record = {"recipe": recipe, "categories": {}}
    (tmp_path / "_anomsynth/run.json").write_text(json.dumps(record))

    split = find(tmp_path)

    assert split.recipe is None
    assert len(split.held_defects) == 2
    assert all(item.recipe is None for item in split.held_defects)


def test_defects_of_another_seed_are_trusted_where_the_recipe_is_known(
    tmp_path, write_dataset
) -> None:
    write_recipe(write_dataset(tmp_path))

    first, second = find(tmp_path, seed=0), find(tmp_path, seed=1)

    assert len(first.defects) == 12
    weights = [item.weight for item in first.held_defects[0].recipe.mechanisms]
    assert weights == [1.0] * len(weights)
    assert first.held_defects[0].seed != second.held_defects[0].seed
    assert {item.image for item in first.held_defects} <= {i.image for i in first.held_normals}


def test_made_defects_repeat_and_change_with_the_turn(tmp_path, write_dataset) -> None:
    write_recipe(write_dataset(tmp_path))
    split = find(tmp_path)

    first, again = (fresh_defects(split, 1, 0, turn)[0] for turn in (1, 1))
    other = fresh_defects(split, 1, 0, 2)[0]

    pixels, mask = first.read()
    assert mask.any()
    assert (again.read()[0] == pixels).all()
    assert ids([first]) != ids([other])


def test_one_category_or_all_of_them(tmp_path, write_dataset) -> None:
    root = write_dataset(tmp_path, categories=("plate", "tile"))

    assert find(root, "plate").categories == ("plate",)
    assert find(root, unified=True).categories == ("plate", "tile")
    with pytest.raises(UserError, match=r"has 2 categories \(plate, tile\)"):
        find(root)
    with pytest.raises(InputError, match="no category 'bolt'"):
        find(root, "bolt")
    with pytest.raises(UserError, match="exclude each other"):
        find(root, "plate", unified=True)


def test_each_of_several_categories_holds_out_its_own(tmp_path, write_dataset, monkeypatch) -> None:
    monkeypatch.setattr("anomsynth.bisqad.data.samples.MOST_HELD", 6)
    root = write_dataset(tmp_path, categories=("plate", "tile"))
    write_recipe(root)
    alone = [find(root, name) for name in ("plate", "tile")]

    split = find(root, unified=True)

    assert {item.id for item in split.held_normals} == {
        item.id for one in alone for item in one.held_normals
    }
    assert split.normals == (*alone[0].normals, *alone[1].normals)
    names = [item.category for item in split.held_defects]
    assert (names.count("plate"), names.count("tile")) == (6, 6)
    assert len(ids(split.held_defects)) == 12
    assert set(names[:4]) == {"plate", "tile"}  # a training asks the first of them


def test_says_what_is_missing(tmp_path, write_dataset, write_image) -> None:
    only_good = tmp_path / "a/tile/train/good"
    write_image(only_good / "0.png")
    with pytest.raises(InputError, match="good photos only"):
        find(tmp_path / "a")

    unmasked = write_dataset(tmp_path / "b")
    for path in (unmasked / "tile/ground_truth").rglob("*.png"):
        path.unlink()
    with pytest.raises(InputError, match="none of its 12 defect images has a mask"):
        find(unmasked)

    bad_only = tmp_path / "c/tile"
    write_image(bad_only / "test/dent/0.png", spot=True)
    with pytest.raises(InputError, match="1 defect but 0 good photos"):
        find(tmp_path / "c")

    with pytest.raises(InputError, match=r"`val`: .* holds no defect with a mask"):
        find(write_dataset(tmp_path / "d"), val=tmp_path / "a")
    with pytest.raises(InputError, match=r"`learn`: .* holds no defect with a mask"):
        find(tmp_path / "d", learn=tmp_path / "a")
    with pytest.raises(InputError, match=r"`learn`: .*nowhere: no such folder"):
        find(tmp_path / "d", learn=tmp_path / "nowhere")


def test_online_needs_a_recipe(tmp_path, write_dataset) -> None:
    with pytest.raises(UserError, match="`online` needs the recipe"):
        fresh_defects(find(write_dataset(tmp_path)), 1, 0, 1)


@pytest.mark.parametrize("bits", [12, 16])
def test_pictures_of_a_camera_with_fewer_bits_fill_the_range(tmp_path, bits, write_dataset) -> None:
    root = write_dataset(tmp_path)
    top = (1 << bits) - 1
    for path in (root / "tile").rglob("*/good/*.png"):
        share = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) / 255
        share[0, 0] = 1
        cv2.imwrite(str(path), np.rint(share * top).astype(np.uint16))

    split = find(root)

    assert split.bits == (12 if bits == 12 else None)
    for item in (split.normals[0], split.held_normals[0]):
        pixels, _ = item.read()
        assert pixels.max() == 65535


def test_bits_that_a_dataset_was_made_of_are_known(tmp_path, write_dataset) -> None:
    root = write_dataset(tmp_path)
    write_recipe(root)
    record = json.loads((root / "_anomsynth/run.json").read_text())
    record["depths"] = {"tile": {"bits": 12, "shift": 0}}
    (root / "_anomsynth/run.json").write_text(json.dumps(record))

    assert find(root).bits == 12

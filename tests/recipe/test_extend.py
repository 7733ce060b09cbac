"""A recipe that names a base says only what differs; its mechanisms stand beside the base's."""

from pathlib import Path

import pytest

from anomsynth.errors import RecipeError, UnknownComponentError
from anomsynth.recipe.load import build_recipe, load_recipe

CRACK = '[[mechanisms]]\nweight = 3\ngenerator = { kind = "crack" }\n'


def write(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_two_lines_are_a_recipe_and_everything_else_is_the_bases(tmp_path) -> None:
    recipe = load_recipe(write(tmp_path, 'base = "metal"\nseverity.d_prime = [2, 5]'))
    metal = load_recipe("metal")

    assert (recipe.severity.d_prime.low, recipe.severity.d_prime.high) == (2, 5)
    same = metal.model_copy(
        update={"name": "mine", "description": "", "severity": recipe.severity},
    )
    assert recipe == same
    assert recipe.severity.area_cap == metal.severity.area_cap


@pytest.mark.parametrize(("line", "share"), [("", 0.5), ("base_share = 0.2", 0.2)])
def test_the_bases_mechanisms_make_the_stated_share_of_the_defects(tmp_path, line, share) -> None:
    recipe = load_recipe(write(tmp_path, f'base = "generic"\n{line}\n{CRACK}'))
    generic = load_recipe("generic")

    own, *theirs = recipe.mechanisms
    total = sum(item.weight for item in recipe.mechanisms)
    assert own.weight == 3
    assert own.weight / total == pytest.approx(1 - share)
    assert [item.generator for item in theirs] == [item.generator for item in generic.mechanisms]
    ratios = {
        round(item.weight / base.weight, 9)
        for item, base in zip(theirs, generic.mechanisms, strict=True)
    }
    assert len(ratios) == 1


def test_kinds_of_the_base_are_left_out_and_its_share_stays(tmp_path) -> None:
    text = f'base = "generic"\nbase_share = 0.75\nbase_without = ["rust", "pitting"]\n{CRACK}'
    recipe = load_recipe(write(tmp_path, text))
    generic = load_recipe("generic")

    own, *theirs = recipe.mechanisms
    assert {item.generator.kind for item in generic.mechanisms} - {
        item.generator.kind for item in theirs
    } == {"rust", "pitting"}
    assert own.weight / sum(item.weight for item in recipe.mechanisms) == pytest.approx(0.25)
    bare = load_recipe(write(tmp_path, 'base = "generic"\nbase_without = ["rust"]'))
    assert "rust" not in {item.generator.kind for item in bare.mechanisms}
    assert len(bare.mechanisms) == len(generic.mechanisms) - 1


def test_without_a_share_only_the_settings_are_the_bases(tmp_path) -> None:
    recipe = load_recipe(write(tmp_path, f'base = "metal"\nbase_share = 0\n{CRACK}'))

    assert [item.generator.kind for item in recipe.mechanisms] == ["crack"]
    assert recipe.material == load_recipe("metal").material


def test_a_scale_replaces_that_of_the_base(tmp_path) -> None:
    recipe = load_recipe(write(tmp_path, 'base = "generic"\nobject_mm = 15'))

    assert (recipe.object_mm, recipe.field_mm, recipe.mm_per_px) == (15, None, None)


def test_a_base_may_be_a_file_beside_the_recipe_that_has_a_base_itself(tmp_path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep", 'base = "metal"\nseed = 4', "first")
    recipe = load_recipe(write(tmp_path, 'base = "deep/first.toml"\nmixed_probability = 0.1'))

    assert (recipe.seed, recipe.mixed_probability) == (4, 0.1)
    assert recipe.material == load_recipe("metal").material


def test_changes_replace_what_came_of_the_base_and_may_name_another(tmp_path) -> None:
    path = write(tmp_path, f'base = "metal"\n{CRACK}')

    only = load_recipe(path, mechanisms=[{"generator": {"kind": "chip"}}])
    assert [item.generator.kind for item in only.mechanisms] == ["chip"]
    wood = load_recipe(path, base="wood", base_share=0.75, seed=2)
    assert wood.field_mm == load_recipe("wood").field_mm
    assert wood.mechanisms[0].weight / sum(i.weight for i in wood.mechanisms) == pytest.approx(0.25)


def test_a_recipe_with_a_base_survives_being_written_out(tmp_path) -> None:
    recipe = load_recipe(write(tmp_path, f'base = "generic"\n{CRACK}'))

    assert load_recipe(write(tmp_path, recipe.to_toml(), "again")) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('base = "mine.toml"', r"mine\.toml: base: mine\.toml extends itself"),
        ('base = "none.toml"', r"mine\.toml: base: .*none\.toml: no such file"),
        ("base_share = 0.5\nfield_mm = 1", r"mine\.toml: base_share without a base"),
        ('base = "metal"\nbase_share = 1', r"mine\.toml: base_share: .*less than 1, got 1"),
        ('base_without = ["rust"]', r"mine\.toml: base_without without a base"),
        (
            'base = "metal"\nbase_without = "rust"',
            r"base_without: expected a list of kinds such as .* got 'rust'",
        ),
        (
            'base = "baseline/cutpaste"\nbase_without = ["cutpaste", "scar"]',
            r"base_without: leaves nothing of baseline/cutpaste",
        ),
        (
            f'base = "baseline/cutpaste"\nbase_without = ["crack"]\n{CRACK}',
            r"base_without: 'crack' is of the recipe itself, not of baseline/cutpaste",
        ),
        ('base = "metal"\nbase_shar = 1', r"mine\.toml: base_shar: no such key"),
        ("base = 3", r"mine\.toml: base: .*string, got 3"),
        ('base = "metal"\nmechanisms = 3', r"mine\.toml: mechanisms: expected a list of tables"),
        ('base = "metal"\nmechanisms = [{weight = "a"}]', r"mechanisms\[0\]\.weight: .*got 'a'"),
    ],
)
def test_mistakes_name_the_file_and_the_key(tmp_path, text, message) -> None:
    with pytest.raises(RecipeError, match=message):
        load_recipe(write(tmp_path, text))


def test_an_unknown_kind_to_leave_out_is_told_with_the_nearest_name() -> None:
    with pytest.raises(UnknownComponentError, match="here: base_without: no generator") as caught:
        build_recipe({"name": "x", "base": "metal", "base_without": ["ruster"]}, "here")

    assert "'rust'" in (caught.value.hint or "")


def test_a_kind_that_the_base_does_not_make_is_left_out_already() -> None:
    wood = load_recipe("carpet", base="wood")

    assert "rust" not in {item.generator.kind for item in wood.mechanisms}
    alone = load_recipe("paper", base_share=0, base_without=[*broad_kinds()])
    assert alone.mechanisms == load_recipe("paper", base_share=0).mechanisms


def broad_kinds() -> set[str]:
    return {item.generator.kind for item in load_recipe("generic").mechanisms}


def test_an_unknown_base_is_told_with_the_nearest_name() -> None:
    with pytest.raises(UnknownComponentError, match="here: base: no preset 'metl'") as caught:
        build_recipe({"name": "x", "base": "metl"}, "here")

    assert "'metal'" in (caught.value.hint or "")

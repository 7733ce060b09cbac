"""Our defects in the place of anomalib's; in its own environment `.ci/run` trains with them."""

import sys

import pytest

torch = pytest.importorskip("torch")

import anomsynth as asy  # noqa: E402 - after the check
from anomsynth.errors import InputError, MissingExtraError, RecipeError  # noqa: E402
from anomsynth.integrations.anomalib import (  # noqa: E402
    DefectAugmenter,
    in_synthetic_splits,
)


def plates(count: int) -> torch.Tensor:
    photo = torch.from_numpy(asy.demo_photos()["metal"][0]).permute(2, 0, 1) / 255
    return photo[:, ::2, ::2].expand(count, -1, -1, -1)


def test_images_change_where_the_mask_says_and_nowhere_else() -> None:
    torch.manual_seed(0)
    batch = plates(6)

    images, masks = DefectAugmenter("metal", probability=1)(batch)

    assert images.shape == batch.shape
    assert masks.shape == (6, 1, 128, 128)
    assert set(masks.unique().tolist()) == {0, 1}
    for image, mask in zip(images, masks, strict=True):
        changed = (image - batch[0]).abs().amax(0) > 1e-3
        assert mask.any()
        assert changed[mask[0] > 0].float().mean() > 0.2
        assert not changed[mask[0] == 0].any()
    assert len({mask.numpy().tobytes() for mask in masks}) == 6


def test_the_seed_of_torch_decides_and_the_probability_holds() -> None:
    defects = DefectAugmenter("metal", probability=0.4)
    made = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        made.append(defects(plates(20)))

    assert torch.equal(made[0][0], made[1][0])
    assert not torch.equal(made[0][0], made[2][0])
    share = made[0][1].flatten(1).any(1).float().mean()
    assert 0.15 < share < 0.65
    assert DefectAugmenter("metal", probability=0)(plates(2))[1].sum() == 0


def test_a_single_image_is_taken_and_another_type_kept() -> None:
    torch.manual_seed(3)
    image = plates(1)[0].double() * 1.00001  # as resizing overshoots

    changed, mask = DefectAugmenter("metal", probability=1)(image)

    assert (changed.shape, mask.shape) == (image.shape, (1, 128, 128))
    assert changed.dtype == mask.dtype == torch.float64


@pytest.mark.parametrize(
    "wrong", [torch.zeros(8, 8), torch.zeros(2, 8, 8), torch.zeros(3, 8, 8).int()]
)
def test_other_tensors_are_refused(wrong: torch.Tensor) -> None:
    with pytest.raises(InputError, match="expected floats"):
        DefectAugmenter()(wrong)


def test_what_cannot_be_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match="probability"):
        DefectAugmenter("metal", probability=2)
    with (
        pytest.raises(RecipeError, match="taken for anomalous"),
        in_synthetic_splits(DefectAugmenter("metal")),
    ):
        pass
    monkeypatch.setitem(sys.modules, "anomalib", None)
    with pytest.raises(MissingExtraError), in_synthetic_splits(DefectAugmenter("metal", 1)):
        pass

"""Use the augmentation inside albumentations' own Compose; run in an environment that has it.

Usage: NO_ALBUMENTATIONS_UPDATE=1 python albumentations_composes.py
"""

import pickle
import sys

import albumentations
import numpy as np

import anomsynth as asy
from anomsynth.errors import InputError
from anomsynth.testing import make_pixels

IMAGE = make_pixels(96, 128, channels=3)


def pipeline(*others: object, seed: int = 3, **options: object) -> albumentations.Compose:
    augment = asy.Augment("metal", **{"p": 1, **options})
    assert isinstance(augment, asy.Augment)
    assert isinstance(augment, albumentations.DualTransform)
    return albumentations.Compose([augment, *others], seed=seed)


def same(one: dict, other: dict) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in ("image", "mask"))


def main() -> None:
    result = pipeline()(image=IMAGE)
    changed = (result["image"] != IMAGE).any(axis=2)
    assert changed.any(), "nothing changed"
    assert not (changed & (result["mask"] == 0)).any(), "changed outside the mask"
    assert np.array_equal(result["mask"] > 0, result["sample"].mask)

    assert same(result, pipeline()(image=IMAGE)), "the seed of Compose does not repeat it"
    assert not same(result, pipeline(seed=4)(image=IMAGE)), "the seed of Compose is ignored"
    again = pipeline()
    assert not same(again(image=IMAGE), again(image=IMAGE)), "two calls make one sample"

    given = np.zeros((96, 128), np.uint8)
    given[:9] = 1
    joined = pipeline(mask_value=5)(image=IMAGE, mask=given)
    assert np.array_equal(joined["mask"] > 0, (given > 0) | joined["sample"].mask)
    assert set(joined["mask"][joined["sample"].mask].tolist()) == {5}

    plain, flipped = pipeline()(image=IMAGE), pipeline(albumentations.HorizontalFlip(p=1))
    turned = flipped(image=IMAGE)
    assert np.array_equal(turned["image"], plain["image"][:, ::-1]), "flip of the image"
    assert np.array_equal(turned["mask"], plain["mask"][:, ::-1]), "the mask does not move along"

    small = make_pixels(48, 48)
    several = pipeline(p=0.3)
    touched = sum(several(image=small)["sample"] is not None for _ in range(100))
    assert 10 <= touched <= 50, f"{touched} of 100 with p = 0.3"
    for chosen in (
        albumentations.OneOf([asy.Augment("metal", p=1)], p=1),
        pickle.loads(pickle.dumps(pipeline())),
    ):
        assert chosen(image=IMAGE)["mask"].any()

    for form in (IMAGE[..., :1], IMAGE.astype(np.float32) / 255):
        made = pipeline()(image=form)["image"]
        assert made.dtype == form.dtype
        assert made.shape == form.shape
    try:
        pipeline()(image=IMAGE.astype(np.float32))
    except InputError as error:
        assert "0..1" in str(error)  # noqa: PT017 - a script
    else:
        raise AssertionError("floats up to 255 were taken")
    sys.stdout.write(f"albumentations {albumentations.__version__}: composed, {pipeline()}\n")


if __name__ == "__main__":
    main()

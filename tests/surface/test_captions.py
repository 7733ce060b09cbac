"""What a camera burns into its photos is found by being the same in all of them."""

import cv2
import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.surface.captions import FEWEST, Captions
from anomsynth.surface.category import choose_finder

SHAPE = (240, 320)
TEXT = Box(204, 12, 232, 150)  # that the caption below covers, roughly


def photo(seed: int, channels: int = 1, caption: str = "x200 1 mm") -> np.ndarray:
    """Return a noisy part in another place each time, with a caption and a bar."""
    rng = np.random.default_rng(seed)
    grey = np.full(SHAPE, 120.0)
    row, col = rng.integers(40, 90), rng.integers(60, 160)
    grey[row : row + 80, col : col + 110] = 200
    levels = np.clip(grey + rng.normal(0, 2, SHAPE), 0, 255).astype(np.uint8)
    cv2.putText(levels, caption, (14, 226), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    return np.repeat(levels[..., None], channels, axis=2)


def found(photos: list[np.ndarray]) -> tuple[Box, ...]:
    captions = Captions()
    for pixels in photos:
        captions.add(pixels)
    return captions.boxes()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1, 257])
def test_burned_in_text_is_found_where_it_is(channels: int, scale: int) -> None:
    photos = [photo(seed, channels).astype(np.uint16) * scale for seed in range(9)]
    if scale == 1:
        photos = [pixels.astype(np.uint8) for pixels in photos]

    boxes = found(photos)

    signs = (photos[0].max(axis=2) >= 250 * scale) & (np.arange(SHAPE[0])[:, None] > 200)
    covered = np.zeros(SHAPE, bool)
    for box in boxes:
        covered[box.slices] = True
    assert covered[signs].all()
    assert covered.sum() < 3 * (TEXT.bottom - TEXT.top) * (TEXT.right - TEXT.left)
    assert not covered[:190].any()


def test_text_survives_a_lossy_format() -> None:
    coded = [cv2.imencode(".jpg", photo(seed), [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
             for seed in range(9)]  # fmt: skip

    assert found([cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)[..., None] for data in coded])


@pytest.mark.parametrize(
    "photos",
    [
        [],
        [photo(seed, caption="") for seed in range(9)],
        [photo(seed) for seed in range(FEWEST - 1)],
        [photo(3)] * 9,
    ],
    ids=["none", "no text", "too few", "one photo copied"],
)
def test_nothing_is_found_where_sameness_says_nothing(photos: list[np.ndarray]) -> None:
    assert found(photos) == ()


def test_photos_of_another_size_are_passed_over() -> None:
    others = [photo(seed)[:100] for seed in range(9)]

    assert found([photo(seed) for seed in range(9)] + others) == found(
        [photo(seed) for seed in range(9)]
    )


def test_a_fixed_part_is_no_caption() -> None:
    rng = np.random.default_rng(0)
    scene = cv2.GaussianBlur(rng.uniform(0, 255, SHAPE), (0, 0), 3)
    scene = (scene - scene.min()) / np.ptp(scene) * 180 + 30
    shots = [np.clip(scene + rng.normal(0, 2, SHAPE), 0, 255).astype(np.uint8)[..., None]
             for _ in range(9)]  # fmt: skip

    assert found(shots) == ()


def test_the_decision_for_a_category_holds_its_captions_for_photos_of_this_size() -> None:
    finder = choose_finder([photo(seed) for seed in range(9)])

    mask = finder.avoided(SHAPE)
    assert mask is not None
    assert mask[215, 80]
    assert not mask[100, 100]
    assert finder.avoided((SHAPE[0], SHAPE[1] + 1)) is None

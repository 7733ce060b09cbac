"""A sample shows itself in a line, in a notebook and in a viewer, and rates itself when asked."""

import gc
import pickle
import weakref
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.core.display import LABEL_COLOUR, STRICT_COLOUR
from anomsynth.core.sample import SHOWN_PX
from anomsynth.errors import InputError
from anomsynth.sqe import samples
from anomsynth.sqe.samples import rate_sample
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.synthesize import synthesize as bare_synthesize
from anomsynth.testing import make_pixels

FORMS = {
    "grey": lambda pixels: pixels[..., 0],
    "grey as RGB": lambda pixels: np.repeat(pixels[..., :1], 3, axis=2),
    "colour": lambda pixels: pixels,
    "RGBA": lambda pixels: np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)]),
    "16 bit": lambda pixels: pixels.astype(np.uint16) * 200,
    "float": lambda pixels: pixels / 255,
}


def photo(form: str = "colour", width: int = 160) -> np.ndarray:
    return FORMS[form](make_pixels(128, width, channels=3))


@pytest.fixture
def sample() -> asy.Sample:
    return asy.synthesize(photo(), "metal", seed=3)


@pytest.mark.parametrize("form", FORMS)
def test_a_sample_shows_picture_and_zoom_with_outlines(form: str) -> None:
    sample = asy.synthesize(photo(form), "metal", seed=3)

    shown = cv2.imdecode(np.frombuffer(sample._repr_png_(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    whole, zoom = shown[:, :SHOWN_PX], shown[:, -SHOWN_PX:]

    assert shown.shape[1] > 2 * SHOWN_PX
    for picture in (whole, zoom):
        for colour in (LABEL_COLOUR, STRICT_COLOUR):
            assert (picture == colour).all(axis=2).any()


def test_the_picture_is_the_samples_own(sample) -> None:
    shown = cv2.imdecode(np.frombuffer(sample._repr_png_(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    height = round(SHOWN_PX * 128 / 160)

    expected = cv2.resize(sample.image, (SHOWN_PX, height), interpolation=cv2.INTER_NEAREST)
    same = (shown[:height, :SHOWN_PX] == expected).all(axis=2)

    assert same.mean() > 0.9


def test_show_opens_the_systems_viewer(sample, monkeypatch) -> None:
    opened = []
    monkeypatch.setattr(Image.Image, "show", lambda image, title: opened.append((image, title)))

    sample.show()

    ((image, title),) = opened
    assert image.width > 2 * SHOWN_PX
    assert title == repr(sample)


def test_a_sample_is_one_line(sample) -> None:
    crowded = replace(sample, instances=sample.instances * 40)

    assert repr(sample).startswith("<Sample 128 x 160 x 3 uint8: ")
    assert sample.instances[0].kind in repr(sample)
    assert max(len(repr(item)) for item in (sample, crowded)) <= 120


@pytest.mark.parametrize("form", FORMS)
def test_quality_is_what_the_whole_surface_gives(form: str) -> None:
    recipe = asy.load_recipe("metal", part="picture")
    surface = surface_of(FORMS[form](make_pixels(128, 160, channels=3)), recipe)
    sample = asy.synthesize(photo(form), recipe, seed=3)

    assert sample.quality == rate_sample(bare_synthesize(surface, recipe, seed=3), surface)
    assert sample.quality.score > 0


def test_quality_is_rated_once_and_again_for_a_changed_sample(sample, monkeypatch) -> None:
    rated = []
    rate = samples._rate
    monkeypatch.setattr(samples, "_rate", lambda *known: rated.append(1) or rate(*known))

    first = sample.quality
    again = sample.quality
    emptied = replace(sample, mask=np.zeros_like(sample.mask))

    assert again is first
    assert len(rated) == 1
    assert emptied.quality.score == 0


def test_a_pickled_sample_rates_itself_and_is_small(sample) -> None:
    arrays = ("image", "mask", "strict", "soft", "class_index", "instance_index", "height_mm")
    own = sum(getattr(sample, name).nbytes for name in arrays)

    stored = pickle.dumps(sample)

    assert pickle.loads(stored).quality == sample.quality
    assert len(stored) < own + 2 * sample.mask.nbytes  # the part, and some of the photo's pixels


def test_a_sample_keeps_no_analysis_alive() -> None:
    surface = asy.analyze(photo())
    gone = weakref.ref(surface)
    pixels = weakref.ref(surface.pixels)
    sample = asy.synthesize(surface, "metal", seed=3)

    del surface
    gc.collect()

    assert gone() is None
    assert pixels() is None
    assert sample.quality.score > 0


def test_a_sample_that_does_not_know_its_photo_says_so(sample) -> None:
    with pytest.raises(InputError, match="what its photo was like"):
        _ = replace(sample, rater=None).quality

"""Drawn marks that cover no pixel are told by every command that measures them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.bisqad.evaluation.labelled_set import find_tests
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.empty_marks import warn_of_empty_marks
from anomsynth.dataset.validate import validate

SIZE = (40, 60)
BOX = '<box label="crack" xtl="10" ytl="5" xbr="30" ybr="15"/>'
OUTSIDE = '<box label="dent" outside="1" xtl="10" ytl="5" xbr="30" ybr="15"/>'
BEYOND = '<polygon label="dent" points="70,5;90,5;90,20"/>'
THIN = '<polygon label="dent" points="5.6,5.1;5.9,5.1;5.9,30;5.6,30"/>'
LINE = '<polygon label="dent" points="5,5;20,20;5,5"/>'
POINT = '<points label="dent" points="5,5"/>'


def dataset(root: Path, *shapes: str) -> Path:
    """Write a picture of CVAT with shapes, and a good one."""
    root.mkdir()
    for name in ("a.png", "b.png"):
        pixels = np.random.default_rng(ord(name[0])).integers(60, 200, SIZE).astype(np.uint8)
        Image.fromarray(pixels).save(root / name)
    images = f'<image id="0" name="a.png" subset="test">{"".join(shapes)}</image>'
    images += '<image id="1" name="b.png" subset="test"/>'
    (root / "annotations.xml").write_text(f"<annotations>{images}</annotations>")
    return root


@pytest.mark.parametrize("shape", [OUTSIDE, BEYOND, THIN, LINE])
def test_marks_without_pixels_are_counted_and_the_first_is_named(shape, tmp_path, caplog) -> None:
    root = dataset(tmp_path / "set", BOX, shape, shape)

    warn_of_empty_marks(root, find_labelled(root))
    (found,) = (one for one in validate(root).findings if one.check == "mark-empty")

    assert "2 drawn marks beyond the picture or too thin" in caplog.text
    assert f"the first a 'dent' on {root / 'a.png'}" in caplog.text
    assert (found.file, found.message[:12]) == ("a.png", "2 marks of 3")
    assert "first a 'dent'" in found.message


def test_a_picture_whose_marks_cover_nothing_is_an_error_to_validate(tmp_path) -> None:
    checks = {
        one.check: one.level for one in validate(dataset(tmp_path / "set", BEYOND, THIN)).findings
    }

    assert checks["mask-empty"] == "error"


def test_a_mark_without_area_is_an_error_to_validate(tmp_path) -> None:
    (found,) = (
        one
        for one in validate(dataset(tmp_path / "set", BOX, POINT)).findings
        if one.check == "mark-unreadable"
    )

    assert "'points' has no area" in found.message


def test_marks_with_pixels_are_no_finding(tmp_path, caplog) -> None:
    root = dataset(tmp_path / "set", BOX)

    warn_of_empty_marks(root, find_labelled(root))

    assert not caplog.text
    assert not {one.check for one in validate(root).findings} & {"mark-empty", "mark-unreadable"}


def test_who_measures_a_detector_is_told(tmp_path, caplog) -> None:
    find_tests(dataset(tmp_path / "set", BOX, THIN))

    assert "1 drawn mark beyond the picture" in caplog.text

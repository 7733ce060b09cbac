"""What nothing in the files says is noticed before a run: depth maps, views of parts."""

import cv2
import numpy as np
import pytest

import anomsynth as asy
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.views import views_by_name
from anomsynth.pipeline.events import Noticed, Started


def noticed(source, out, **options):
    """Return what a run tells before it starts."""
    events = []
    asy.generate(source, out, per_image=1, jobs=1, on_event=events.append, **options)
    starts = next(at for at, event in enumerate(events) if isinstance(event, Started))
    assert not any(isinstance(event, Noticed) for event in events[starts:])
    return [event for event in events if isinstance(event, Noticed)]


def test_depth_maps_without_a_unit_are_noticed(scan_maker, tmp_path) -> None:
    source = scan_maker(tmp_path / "maps", "depth")

    (notice,) = noticed(source, tmp_path / "out")

    assert notice.message.startswith("mound: 16-bit grey pictures that look like depth maps")
    assert notice.hint == "if they are, say how many mm a level is by `depth_unit`"


@pytest.mark.parametrize(
    "options", [{"depth_unit": 0.002}, {"bits": 16}, {"preset": "radiograph_casting"}]
)
def test_what_the_user_says_is_believed(scan_maker, tmp_path, options) -> None:
    assert noticed(scan_maker(tmp_path / "maps", "depth"), tmp_path / "out", **options) == []


def test_a_preview_notices_them_too(call, scan_maker, tmp_path) -> None:
    source = scan_maker(tmp_path / "maps", "depth")

    for place in (source, source / "mound" / "000.png"):
        result = call("preview", place, "--out", tmp_path / "sheet.png", "--overwrite", "-q")
        assert result.exit_code == 0, result.output
        assert "mound: 16-bit grey pictures that look like depth maps" in result.stderr
        assert result.stderr.rstrip().endswith("say how many mm a level is by --depth-unit")


def write(folder, *names):
    for nth, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        levels = np.random.default_rng(nth).normal(90, 5, (80, 90))
        cv2.imwrite(str(path), levels.astype(np.uint8))
    return folder


@pytest.mark.parametrize(
    "names",
    [
        [f"{part}_L{view}.png" for part in "ab" for view in (0, 1)],
        [f"{part}-light{view}.png" for part in "ab" for view in (1, 2)],
        [f"Lamp_{view}/{part}.png" for part in "ab" for view in (1, 2)],
        [f"{part}/L{view}.png" for part in "ab" for view in (1, 2)],
    ],
)
def test_photos_named_by_views_are_noticed(tmp_path, names) -> None:
    (notice,) = noticed(write(tmp_path / "photos", *names), tmp_path / "out")

    assert "are made as parts of their own" in notice.message
    assert "if they show one part in several lights, add `views='" in notice.hint


@pytest.mark.parametrize(
    "names",
    [
        ["a_0.png", "a_1.png", "b_0.png", "b_1.png"],  # numbers may count anything
        ["a_L0.png", "a_L1.png", "b_L0.png"],
        ["a_L0.png", "b_L0.png"],
        ["a_L0.png", "a_L1.png", "c.png"],
        ["left/a.png", "right/a.png"],
        [f"a_L{nth}.png" for nth in range(17)],
    ],
)
def test_other_names_are_no_views(tmp_path, names) -> None:
    assert views_by_name(find_source(write(tmp_path / "photos", *names))) == ()

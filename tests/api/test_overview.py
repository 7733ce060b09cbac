"""The sheet beside a dataset shows the parts and the kinds of defects, from its files."""

import errno
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.api.overview import PARTS, ROWS, TILE, varied, write_overview
from anomsynth.core.display import LABEL_COLOUR, STRICT_COLOUR
from anomsynth.core.whole import output_error
from anomsynth.errors import OutputError
from anomsynth.sheets.sheet import LINE
from anomsynth.sheets.sheet import PART_COLOUR as OUTLINE


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "discs"
    folder.mkdir()
    for seed in range(4):
        rng = np.random.default_rng(seed)
        levels = np.full((96, 128), 20.0)
        cv2.circle(levels, (60 + seed, 48), 36, 180, -1)
        levels = cv2.GaussianBlur(levels, (0, 0), 0.8) + rng.normal(0, 3, levels.shape)
        Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(folder / f"{seed}.png")
    return folder


def shades(sheet: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((sheet == colour).all(axis=2).sum())


def test_a_run_leaves_a_sheet_with_parts_and_labels(photos: Path, tmp_path: Path) -> None:
    done = asy.generate(photos, tmp_path / "out", preset="metal", per_image=4, jobs=1)

    assert done.sheet == (tmp_path / "out").resolve() / "_anomsynth" / "sheet.png"
    sheet = np.asarray(Image.open(done.sheet))
    parts, samples = sheet[:TILE], sheet[TILE:]
    assert shades(parts[:, : PARTS * TILE], OUTLINE) > 500
    assert shades(samples[LINE:], OUTLINE) == 0
    assert shades(samples, LABEL_COLOUR) > 200
    assert shades(sheet, STRICT_COLOUR) == 0
    assert sheet.shape[1] > 2 * 5 * TILE  # two samples side by side
    assert samples.shape[0] > ROWS // 2 * 100


def test_the_sheet_tells_photos_strength_and_size_and_explains_what_it_shows(
    photos: Path, tmp_path: Path, monkeypatch
) -> None:
    written: list[str] = []

    def note(sheet: object, text: str, *_: object, **__: object) -> None:
        written.append(text)

    for place in ("sheet", "parts"):
        monkeypatch.setattr(f"anomsynth.sheets.{place}.write_on", note)
    asy.generate(photos, tmp_path / "out", preset="metal", per_image=2, jobs=1)

    names = {path.name for path in photos.iterdir()}
    assert len(names & set(written)) == PARTS
    captions = [text for text in written if re.match(r"\d{6} of ", text)]
    assert len(captions) == 8
    assert {text.split(":")[0].split(" of ")[1] for text in captions} == names
    assert all(re.search(r": .*\w+ d'=\d+\.\d.*  \d+ px$", text) for text in captions)
    said = " ".join(written)
    assert "pink" in said
    assert "d':" in said
    assert "blue" not in said
    assert "strict" not in said


def test_the_sheet_is_the_same_for_any_number_of_jobs(photos: Path, tmp_path: Path) -> None:
    sheets = [
        asy.generate(photos, tmp_path / str(jobs), per_image=2, jobs=jobs).sheet.read_bytes()
        for jobs in (1, 2)
    ]

    assert sheets[0] == sheets[1]


def test_a_shard_has_no_sheet_and_a_merged_dataset_has(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number in (1, 2):
        done = asy.generate(photos, out, per_image=1, jobs=1, shard=(number, 2))
        assert done.sheet is None

    asy.merge(out)

    assert (out / "_anomsynth" / "sheet.png").exists()


def test_photos_that_are_gone_are_left_out(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asy.generate(photos, out, per_image=1, jobs=1)
    before = np.asarray(Image.open(out / "_anomsynth" / "sheet.png"))
    for path in sorted(photos.iterdir())[1:]:
        path.unlink()

    write_overview(out)

    after = np.asarray(Image.open(out / "_anomsynth" / "sheet.png"))
    assert after.shape[0] < before.shape[0]
    for path in photos.iterdir():
        path.unlink()
    assert write_overview(out) is None


def test_the_test_set_knows_its_good_photos(photos: Path, tmp_path: Path) -> None:
    done = asy.generate(photos, tmp_path / "out", per_image=1, jobs=1, test_share=0.5)

    assert done.good == len(list((tmp_path / "out" / "discs" / "test" / "good").iterdir()))


@pytest.mark.parametrize(("kind", "tiles"), [("ply", 7), ("bare ply", 7), ("xyz", 7)])
def test_scans_have_their_relief_on_the_sheet(scan_maker, tmp_path, kind: str, tiles: int) -> None:
    source = scan_maker(tmp_path / "scans", kind, 1)

    done = asy.generate(source, tmp_path / "out", per_image=2, kinds="hole", jobs=1)

    sheet = np.asarray(Image.open(done.sheet)).astype(int)
    assert sheet.shape[1] == tiles * (TILE + 4)
    colours = sheet[40:200, 6 * (TILE + 4) : 7 * (TILE + 4)]
    assert (np.ptp(colours, axis=2) > 60).mean() > 0.2


def test_other_views_are_on_the_sheet(photos: Path, tmp_path: Path) -> None:
    for path in sorted(photos.iterdir()):
        for view in ("L1", "L2"):
            path.with_name(f"{path.stem}_{view}.png").write_bytes(path.read_bytes())
        path.rename(path.with_name(f"{path.stem}_L0.png"))

    done = asy.generate(photos, tmp_path / "out", per_image=1, jobs=1, views=("L0", "L1", "L2"))

    assert np.asarray(Image.open(done.sheet)).shape[1] == 9 * (TILE + 4)


def test_what_shows_a_kind_for_the_first_time_comes_first() -> None:
    kinds = [["crack"], ["crack"], ["crack", "pitting"], ["pitting"], ["chip"]]
    lines = [{"number": at, "record": {"kinds": each}} for at, each in enumerate(kinds)]

    assert [line["number"] for line in varied(lines, 4)] == [0, 2, 4, 1]


def test_a_disk_that_is_full_at_the_sheet_leaves_a_dataset_to_resume(
    photos: Path, tmp_path: Path, monkeypatch
) -> None:
    def full(path: Path, _: object) -> None:
        raise output_error(path, OSError(errno.ENOSPC, "No space left on device"))

    options = {"preset": "metal", "per_image": 1, "jobs": 1}
    with monkeypatch.context() as patch:
        patch.setattr("anomsynth.api.overview.write_sheet", full)
        with pytest.raises(OutputError, match=r"sheet\.png: the disk is full") as caught:
            asy.generate(photos, tmp_path / "out", **options)
    assert caught.value.hint == "free some space, then run again with `resume=True`"

    done = asy.generate(photos, tmp_path / "out", **options, resume=True)

    assert done.sheet.is_file()
    assert done.resumed == done.written

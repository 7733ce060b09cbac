"""One call from good photos to found defects, and a page that leads through it."""

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.errors import InputError, OutputError, UserError

pytest.importorskip("torch")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "discs"
    folder.mkdir()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        levels = np.full((72, 72), 20.0)
        cv2.circle(levels, (36, 36), 28, 170, -1)
        levels = cv2.GaussianBlur(levels, (0, 0), 0.8) + rng.normal(0, 3, levels.shape)
        Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(folder / f"{seed}.png")
    return folder


def test_photos_become_a_detector_and_found_defects_on_one_page(
    photos: Path, tmp_path: Path, call
) -> None:
    for path in photos.iterdir():  # as a camera of 12 bits writes them
        levels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).astype(np.uint16)
        cv2.imwrite(str(path), levels << 4)
    out, told = tmp_path / "all", []
    real = asy.generate(photos, tmp_path / "real", seed=9, per_image=1, jobs=1).plan.out

    result = asy.auto(
        photos, out, real=real, new=photos, count=16, size=64, minutes=0.05, jobs=1,
        on_stop=told.append,
    )  # fmt: skip

    assert result.stops == tuple(told)
    assert (result.found / "index.html").exists()
    page = result.page.read_text()
    links = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(links) >= 4
    assert all((out / link).exists() for link in links)
    commands = [shlex.split(stop.command) for stop in result.stops]
    assert [words[1] for words in commands] == [
        "generate", "report", "score", "train", "evaluate", "predict",
    ]  # fmt: skip
    assert commands[-1][-2:] == ["--bits", "12"]
    assert [bool(stop.warning) for stop in result.stops] == [False] * 5 + [True]
    assert re.search(r"(\d) good photos? cannot promise 1 % false alarms", result.stops[-1].warning)
    assert result.stops[-1].warning in page
    again = call(*commands[1][1:], "--out", tmp_path / "again.html")
    assert again.exit_code == 0, again.stderr
    for words in commands:
        assert call(words[1], "--help").exit_code == 0
        options = {word for word in words if word.startswith("--")}
        assert all(option in call(words[1], "--help").stdout for option in options)


def test_what_would_fail_late_fails_first(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "two" / "a").mkdir(parents=True)
    (tmp_path / "two" / "b").mkdir()
    for name in "ab":
        Image.open(photos / "0.png").save(tmp_path / "two" / name / "0.png")
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("keep")
    new = tmp_path / "new"

    with pytest.raises(InputError, match=r"`real`: .*nowhere: no such folder"):
        asy.auto(photos, new, real=tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"`new`: .*nowhere: no such folder"):
        asy.auto(photos, new, new=tmp_path / "nowhere")
    with pytest.raises(InputError, match="several products"):
        asy.auto(tmp_path / "two", new)
    with pytest.raises(OutputError, match="is there already"):
        asy.auto(photos, full)
    with pytest.raises(UserError, match="`count`"):
        asy.auto(photos, new, count=0)
    with pytest.raises(UserError, match="`false_alarm_rate`"):
        asy.auto(photos, new, false_alarm_rate=1.0)
    with pytest.raises(UserError, match="`size`: expected a multiple of 32, got 63"):
        asy.auto(photos, new, size=63)
    with pytest.raises(UserError, match="`minutes`: must be at least"):
        asy.auto(photos, new, minutes=0.0)
    with pytest.raises(UserError, match="`seed`: must be at least 0"):
        asy.auto(photos, new, seed=-1)
    with pytest.raises(UserError, match="`jobs`"):
        asy.auto(photos, new, jobs=0)
    with pytest.raises(InputError, match="no labelled images found"):
        asy.auto(photos, new, real=full)
    with pytest.raises(InputError, match="full"):
        asy.auto(photos, new, new=full)
    with pytest.raises(InputError, match="1 photo, a detector needs 2 or more"):
        asy.auto(tmp_path / "two" / "a", new)
    assert not new.exists()
    assert (full / "mine.txt").read_text() == "keep"

"""The page of a prediction shows the worst photos first, safely, and works in a browser."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from anomsynth.bisqad.evaluation import predicted_page
from anomsynth.bisqad.evaluation.overlay import scale_around
from anomsynth.bisqad.evaluation.predicted_page import PredictedPage
from anomsynth.bisqad.evaluation.predictions import (
    Decision,
    Prediction,
    SeenPhoto,
    UnreadablePhoto,
)
from anomsynth.bisqad.evaluation.regions import find_regions
from anomsynth.bisqad.evaluation.threshold import Threshold
from anomsynth.core.photo import as_photo
from anomsynth.testing import make_pixels

EVIL = "<script>alert(1)</script>@data@.png"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PROBE = """
<script>
const seen = { cards: document.querySelectorAll(".card").length };
seen.scores = [...document.querySelectorAll(".score")].map((node) => Number(node.textContent));
seen.hot = getComputedStyle(document.querySelector(".card img.heat")).display;
document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "h", bubbles: true }));
seen.cool = getComputedStyle(document.querySelector(".card img.heat")).display;
const verdict = document.getElementById("verdict");
verdict.value = "good"; verdict.dispatchEvent(new Event("change"));
seen.good = document.querySelectorAll(".card").length;
verdict.value = ""; verdict.dispatchEvent(new Event("change"));
document.querySelector(".card").click();
seen.open = document.getElementById("zoom").open;
seen.caption = document.getElementById("caption").textContent;
document.body.dataset.seen = JSON.stringify(seen);
</script>
"""


def page_of(names, *, unread=()) -> str:
    """Return the page of photos whose scores are 0, 1, 2, ...; from 2 on they are defective."""
    threshold = Threshold(1.5, 0.01, 99)
    page = PredictedPage(len(names), threshold, scale_around(1.5, -1.0))
    decisions = []
    for score, name in enumerate(names):
        values = np.full((16, 16), -3, np.float32)
        values[4:7, 5:9] = score
        mask = np.kron(values, np.ones((4, 4))) > 1.5
        regions = find_regions(np.kron(values, np.ones((4, 4), np.float32)), mask)
        decision = Decision(name, float(score), score >= 2, "m", (64, 64), regions, "o", "k")
        photo = as_photo(make_pixels(64, 64, channels=3, seed=score))
        page.add(SeenPhoto(photo, Prediction(Path(name), (64, 64), values, score)), decision, mask)
        decisions.append(decision)
    return page.text("run on photos", decisions, unread)


def samples_of(page: str) -> list:
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])["samples"]


def test_the_worst_stand_first_with_heat_outline_and_regions() -> None:
    samples = samples_of(page_of(["a.png", "b.png", "c.png", "d.png"]))

    assert [sample["path"] for sample in samples] == ["d.png", "c.png", "b.png", "a.png"]
    assert [sample["verdict"] for sample in samples] == ["defective", "defective", "good", "good"]
    assert [bool(sample["thumb"]["outline"]) for sample in samples] == [True, True, False, False]
    assert all(sample["thumb"]["heat"] for sample in samples)
    assert samples[0]["table"] == [
        ["region 1", "score 3.00, 192 px in a box of 16 x 12 at column 20, row 16"]
    ]


def test_it_needs_nothing_else_and_names_from_disk_cannot_become_markup() -> None:
    page = page_of([EVIL, f"x/{EVIL}"], unread=[UnreadablePhoto(Path(EVIL), EVIL, "")])

    assert EVIL not in page
    assert "alert(1)&lt;/script&gt;@data@.png" in page
    assert page.count("<script") == 2
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "at most 1 % false alarms" in page


def test_of_many_photos_the_worst_are_shown_and_the_others_counted(monkeypatch) -> None:
    monkeypatch.setattr(predicted_page, "MOST_SHOWN", 3)
    monkeypatch.setattr(predicted_page, "MOST_LARGE", 1)

    page = page_of([f"{number}.png" for number in range(7)])

    samples = samples_of(page)
    assert [sample["path"] for sample in samples] == ["6.png", "5.png", "4.png"]
    assert ["large" in sample for sample in samples] == [True, False, False]
    assert "5 of 7 photos defective" in page
    assert "The 3 worst of 7 are shown" in page


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
def test_heat_filter_and_zoom_work_in_a_browser(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    text = page_of(["a.png", "b.png", "c.png", "d.png"])
    path.write_text(text.replace("</body>", f"{PROBE}</body>"))
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom")

    done = subprocess.run(
        [BROWSER, *flags, f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert "CONSOLE" not in done.stderr
    found = re.search(r'data-seen="(.*?)"', done.stdout)[1].replace("&quot;", '"')
    seen = json.loads(found)
    assert seen["cards"] == 4
    assert seen["scores"] == [3, 2, 1, 0]
    assert (seen["hot"], seen["cool"]) == ("block", "none")
    assert seen["good"] == 2
    assert seen["open"]
    assert "d.png score 3.000, defective, 64 x 64 px" in seen["caption"]

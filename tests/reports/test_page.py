"""The report page is whole, safe and usable, in a real browser too."""

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from anomsynth.dataset.images import read_photo
from anomsynth.errors import InputError
from anomsynth.reports.collect import Collection, collect
from anomsynth.reports.heatmap import HeatMap, on_cells
from anomsynth.reports.page import MOST_UPRIGHT, build_page
from anomsynth.sqe.estimator import Estimator
from anomsynth.testing import make_pixels

EVIL = "<script>alert(1)</script>"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PROBE = """
<script>
const wait = () => new Promise((done) => setTimeout(done, 60));
const set = (id, value) => {
  const node = document.getElementById(id);
  node.value = value;
  node.dispatchEvent(new Event("change"));
};
const cards = () => document.querySelectorAll(".card").length;
(async () => {
  const seen = { all: cards() };
  set("kind", "crack"); seen.crack = cards();
  set("kind", ""); set("high", "0"); seen.none = cards(); set("high", "1");
  set("sort", "best");
  const scores = [...document.querySelectorAll(".score")].map((node) => Number(node.textContent));
  seen.sorted = scores.every((value, index) => index === 0 || value <= scores[index - 1]);
  document.querySelector(".card").click(); await wait();
  seen.open = document.getElementById("zoom").open;
  seen.terms = document.querySelectorAll("#caption tr").length;
  const first = document.querySelector("#caption strong").textContent;
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  seen.moved = document.querySelector("#caption strong").textContent !== first;
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "o", bubbles: true }));
  seen.plain = document.body.classList.contains("plain");
  document.getElementById("theme").click();
  seen.theme = document.documentElement.dataset.theme;
  document.getElementById("zoom").close();
  document.querySelector("rect.hit").dispatchEvent(new MouseEvent("click", { bubbles: true }));
  seen.picked = Number(document.getElementById("high").value);
  seen.paths = [...document.querySelectorAll("#kind option")].map((node) => node.value);
  document.body.dataset.seen = JSON.stringify(seen);
})();
</script>
"""


def add(root: Path, kind: str, number: int) -> None:
    pixels = make_pixels(64, 80, channels=3, seed=number)
    mask = np.zeros((64, 80), np.uint8)
    cv2.circle(mask, (30 + number, 30), 9, 255, -1)
    pixels[mask > 0] //= 2
    for name, picture in (("test", pixels), ("ground_truth", mask)):
        folder = root / "part" / name / kind
        folder.mkdir(parents=True, exist_ok=True)
        end = "_mask" if name == "ground_truth" else ""
        done, coded = cv2.imencode(".png", picture)
        assert done
        (folder / f"{number:06d}{end}.png").write_bytes(coded.tobytes())


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for number in range(3):
        add(root, "crack", number)
        add(root, "dent &lt;b&gt; 'x'", number)
    good = root / "part" / "train" / "good"
    good.mkdir(parents=True)
    done, coded = cv2.imencode(".png", make_pixels(64, 80))
    assert done
    (good / "000000.png").write_bytes(coded.tobytes())
    return root


def found(root: Path) -> Collection:
    return collect(root, Estimator.default())


def data_of(page: str) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_holds_every_sample_and_needs_no_network(dataset: Path) -> None:
    page = build_page(found(dataset))

    samples = data_of(page)["samples"]
    assert len(samples) == 6
    assert all(0 <= sample["score"] <= 1 for sample in samples)
    assert all(sample["thumb"]["uri"].startswith("data:image/webp;base64,") for sample in samples)
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", page)


def test_names_of_many_kinds_are_turned_to_fit_and_zeros_dimmed(dataset: Path) -> None:
    few = build_page(found(dataset))
    for number in range(MOST_UPRIGHT):
        add(dataset, f"kind {number}", number)
    (dataset / "other" / "train" / "good").mkdir(parents=True)
    (dataset / "part" / "train" / "good" / "000000.png").rename(
        dataset / "other" / "train" / "good" / "000000.png"
    )
    many = build_page(found(dataset))

    assert 'class="counts"' in few
    assert 'class="counts many"' in many
    assert "<td class=n>3</td>" in many
    assert '<td>other</td><td class=n>1</td><td class="n none">0</td>' in many


def test_only_what_is_shown_large_is_decoded_twice(dataset: Path, monkeypatch) -> None:
    reads: Counter[Path] = Counter()
    monkeypatch.setattr("anomsynth.reports.collect.MOST_LARGE", 2)
    for module in ("anomsynth.scoring.score", "anomsynth.dataset.images"):
        monkeypatch.setattr(
            f"{module}.read_photo", lambda path: (reads.update([path]), read_photo(path))[1]
        )

    collection = found(dataset)

    images = {entry.item.image: entry for entry in collection.entries}
    assert len(images) == 6
    for image, entry in images.items():
        assert reads[image] == reads[entry.item.mask] == 1 + (entry.large is not None)
    assert sum(entry.large is not None for entry in collection.entries) == 2


def test_names_from_disk_cannot_become_markup(dataset: Path) -> None:
    whole = found(dataset)
    evil = Collection(
        root=Path("/x") / EVIL.replace("/", "_"),
        entries=whole.entries,
        normals={EVIL: 1},
        heat={EVIL: next(iter(whole.heat.values()))},
        problems=((EVIL, EVIL),),
        run={"recipe": {"name": f"@data@ {EVIL}"}},
        seconds=1.0,
        made_seconds=None,
    )

    page = build_page(evil)

    assert EVIL not in page
    assert page.count("<script") == 2
    assert "@data@" in page


def test_unreadable_samples_are_listed_and_the_rest_is_shown(dataset: Path) -> None:
    (dataset / "part" / "test" / "crack" / "000001.png").write_bytes(b"no picture")
    (dataset / "part" / "ground_truth" / "crack" / "000002_mask.png").unlink()

    collection = found(dataset)

    assert len(collection.entries) == 4
    assert [name.rpartition("/")[2] for name, _ in collection.problems] == [
        "000001.png",
        "000002.png",
    ]
    assert "no mask" in build_page(collection)


def test_a_dataset_without_defects_has_no_report(tmp_path: Path) -> None:
    (tmp_path / "part" / "train" / "good").mkdir(parents=True)
    done, coded = cv2.imencode(".png", make_pixels(16, 16))
    assert done
    (tmp_path / "part" / "train" / "good" / "0.png").write_bytes(coded.tobytes())

    with pytest.raises(InputError, match="no defect"):
        found(tmp_path)


def test_the_heat_map_is_the_share_of_masks() -> None:
    heat = HeatMap()
    half = np.zeros((50, 70), bool)
    half[:25] = True
    heat.add(on_cells(half))
    heat.add(on_cells(np.ones((200, 20), bool)))

    share = heat.share()

    assert share[:47].mean() == pytest.approx(1, abs=1e-5)
    assert share[49:].mean() == pytest.approx(0.5, abs=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
def test_filters_zoom_and_keys_work_in_a_browser(dataset: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    text = build_page(found(dataset))
    page.write_text(text.replace("</body>", f"{PROBE}</body>"))

    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=5000",
            "--enable-logging=stderr",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert "CONSOLE" not in done.stderr
    seen = json.loads(
        re.search(r'data-seen="(.*?)"', done.stdout)[1].replace("&quot;", '"').replace("&amp;", "&")
    )
    assert seen["all"] == 6
    assert seen["crack"] == 3
    assert seen["none"] < 6
    assert seen["sorted"]
    assert seen["open"]
    assert seen["terms"] >= 5
    assert seen["moved"]
    assert seen["plain"]
    assert seen["theme"] in {"light", "dark"}
    assert seen["picked"] == 0.05
    assert "dent &lt;b&gt; 'x'" in seen["paths"]

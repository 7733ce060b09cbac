"""The report page is whole, safe and usable, in a real browser too."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import cv2
import numpy as np
import pytest
from browser import Browser

import anomsynth as asy
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
  const width = () => document.querySelector("#stage .picture").getBoundingClientRect().width;
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
  seen.own = width();
  document.getElementById("closer").click();
  seen.closer = width();
  document.getElementById("fit").click();
  seen.fit = width() > 80;
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "m", bubbles: true }));
  seen.masked = getComputedStyle(document.querySelector("#stage path")).fill !== "none";
  seen.side = document.getElementById("caption").scrollHeight <=
    document.getElementById("caption").clientHeight;
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
    return collect(root, Estimator.default(), root / "_anomsynth" / "report.html")


def html(collection: Collection) -> str:
    return "".join(build_page(collection))


def data_of(page: str) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_holds_every_sample_and_needs_no_network(dataset: Path) -> None:
    page = html(found(dataset))

    samples = data_of(page)["samples"]
    assert len(samples) == 6
    assert all(0 <= sample["score"] <= 1 for sample in samples)
    assert all(sample["thumb"]["uri"].startswith("data:image/webp;base64,") for sample in samples)
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", page)


def test_names_of_many_kinds_are_turned_to_fit_and_zeros_dimmed(dataset: Path) -> None:
    few = html(found(dataset))
    for number in range(MOST_UPRIGHT):
        add(dataset, f"kind {number}", number)
    (dataset / "other" / "train" / "good").mkdir(parents=True)
    (dataset / "part" / "train" / "good" / "000000.png").rename(
        dataset / "other" / "train" / "good" / "000000.png"
    )
    many = html(found(dataset))

    assert 'class="counts"' in few
    assert 'class="counts many"' in many
    assert "<td class=n>3</td>" in many
    assert '<td>other</td><td class=n>1</td><td class="n none">0</td>' in many


def test_every_sample_can_be_seen_at_its_own_pixels_within_a_small_page(dataset: Path) -> None:
    data = data_of(html(found(dataset)))

    assert len(data["sources"]) == 6
    for sample in data["samples"]:
        whole = sample["original"]
        head, _, content = data["sources"][whole["file"]].partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(content) == (dataset / sample["path"]).read_bytes()
        assert (whole["w"], whole["h"], whole["before"]) == (80, 64, None)
        assert whole["outline"].startswith("M")


def test_a_page_that_grew_too_large_links_the_files_as_seen_from_it(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anomsynth.reports.collect.PAGE", 30_000)
    page = tmp_path / "pages" / "far" / "report.html"

    text = html(collect(dataset, Estimator.default(), page))

    data = data_of(text)
    page.parent.mkdir(parents=True)
    linked = [page.parent / unquote(source) for source in data["sources"]]
    assert sorted(path.resolve() for path in linked) == sorted(
        (dataset / sample["path"]).resolve() for sample in data["samples"]
    )
    assert "keep this page where it is" in text


def test_what_browsers_do_not_show_is_made_for_them_as_long_as_there_is_room(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dataset / "part" / "test" / "crack" / "000001.png"
    deep = cv2.imread(str(path)).astype(np.uint16) * 16  # 12 bits of a camera
    cv2.imwrite(str(path), deep)

    data = data_of(html(found(dataset)))
    monkeypatch.setattr("anomsynth.reports.collect.PAGE", 0)
    full = data_of(html(found(dataset)))

    def source(of: dict) -> str | None:
        sample = next(one for one in of["samples"] if one["path"].endswith("crack/000001.png"))
        return of["sources"][sample["original"]["file"]] if "original" in sample else None

    assert source(full) is None
    coded = base64.b64decode(source(data).removeprefix("data:image/webp;base64,"))
    seen = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
    assert seen.shape == deep.shape
    assert seen.max() > 240  # spread over what a screen can show


def test_a_made_sample_stands_beside_its_photo_its_strength_and_its_parameters(
    tmp_path: Path,
) -> None:
    (tmp_path / "plates").mkdir()
    cv2.imwrite(str(tmp_path / "plates" / "0.png"), make_pixels(96, 96, channels=3))
    asy.generate(
        tmp_path / "plates", tmp_path / "out", kinds="pitting", count=1, defects_per_image=1, jobs=1
    )

    text = html(found(tmp_path / "out"))

    data = data_of(text)
    (sample,) = data["samples"]
    before = data["sources"][sample["original"]["before"]].partition(",")[2]
    good = next((tmp_path / "out").glob("plates/*/good/*.png"))
    assert base64.b64decode(before) == good.read_bytes()
    ((heading, parameters),) = sample["parts"]
    assert re.fullmatch(r"pitting: d' \d+\.\d, \d+ px", heading)
    assert "depth" in parameters
    assert sample["note"].startswith("d' ")
    assert re.search(r"preset generic · severity d.{1,6} [\d.]+ to [\d.]+ · seed 0 · from /", text)


def test_names_from_disk_cannot_become_markup(dataset: Path) -> None:
    whole = found(dataset)
    evil = Collection(
        root=Path("/x") / EVIL.replace("/", "_"),
        entries=whole.entries,
        originals=whole.originals,
        compared=whole.compared,
        scores={(EVIL, EVIL): [0.5]},
        normals={EVIL: 1},
        heat={EVIL: next(iter(whole.heat.values()))},
        problems=((EVIL, EVIL),),
        run={"recipe": {"name": f"@data@ {EVIL}"}},
        seconds=1.0,
        made_seconds=None,
    )

    page = html(evil)

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
    assert "no mask" in html(collection)


def test_a_damaged_record_of_the_run_is_listed(dataset: Path) -> None:
    (dataset / "_anomsynth").mkdir(exist_ok=True)
    (dataset / "_anomsynth" / "run.json").write_text("")

    assert ("_anomsynth/run.json", "the file is empty") in found(dataset).problems


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
    text = html(found(dataset))
    page.write_text(text.replace("</body>", f"{PROBE}</body>"))

    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1280,800",
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
    assert seen["own"] == 80
    assert seen["closer"] == 120
    assert seen["fit"]
    assert seen["masked"]
    assert seen["side"]
    assert seen["theme"] in {"light", "dark"}
    assert seen["picked"] == 0.05
    assert "dent &lt;b&gt; 'x'" in seen["paths"]


@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
@pytest.mark.parametrize("dark", [False, True])
def test_the_first_sample_is_in_sight_however_many_kinds_there_are(
    tmp_path: Path, dark: bool
) -> None:
    root = tmp_path / "data"
    for number in range(17):
        add(root, f"a_kind_of_name_{number}", number)
    page = asy.report(root, jobs=1).page

    with Browser(tmp_path / "profile", (1280, 800), dark=dark) as browser:
        browser.open(page.as_uri())
        browser.wait("document.body.dataset.ready === 'yes'")
        bottom = "document.querySelector('.card img').getBoundingClientRect().bottom"
        assert browser.run(bottom) < 800
        charts = "document.querySelector('#histograms').checkVisibility()"
        assert not browser.run(charts)
        browser.run("document.querySelector('summary').click()")
        assert browser.run(charts)
        reached = "document.querySelector('details:last-of-type').getBoundingClientRect().top"
        assert browser.run(reached) < browser.run("document.querySelector('#grid').offsetTop")
        assert browser.complaints == []

"""The page is served to this machine and to who knows its address, and works in a browser."""

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from browser import CHROMIUM, Browser

import anomsynth as asy
from anomsynth.errors import InputError, OutputError, UserError
from anomsynth.testing import make_pixels

PICTURES = "[...document.querySelectorAll('.tile img')].map((one) => one.src)"


class Page:
    """A page that is served by a thread, and what came of it."""

    def __init__(self, photos: Path, place: Path, **options: object) -> None:
        self.url = ""
        ready = threading.Event()

        def note(url: str) -> None:
            self.url = url
            ready.set()

        def serve() -> None:
            self.tuned = asy.tune(
                photos, out=place / "mine.toml", masks=place / "part", on_ready=note, **options
            )

        self._thread = threading.Thread(target=serve)
        self._thread.start()
        assert ready.wait(60)

    def ask(self, way: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        """Return status and content of an answer."""
        parts = urlsplit(self.url)
        path = way if way.startswith("/") else parts.path + way
        sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        with closing(connection):
            connection.request("GET" if body is None else "POST", path, sent, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def end(self) -> object:
        """End the page and return what `tune` returned."""
        if self._thread.is_alive():
            self.ask("end", {})
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.tuned


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "plates"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), make_pixels(96, 128, channels=3, seed=number))
    return folder


@pytest.fixture
def page(photos: Path, tmp_path: Path) -> Iterator[Page]:
    served = Page(photos, tmp_path / "out", preset="metal", seed=3)
    yield served
    served.end()


def test_who_does_not_know_the_token_gets_nothing(page: Page) -> None:
    right = urlsplit(page.url)

    assert page.ask("")[0] == 200
    assert page.ask("/") == (403, b"")
    assert page.ask("/" + "x" * 32 + "/") == (403, b"")
    assert page.ask("/%C3%A9/") == (403, b"")
    assert page.ask("", Host=f"evil.example:{right.port}") == (403, b"")
    assert page.ask("end", {}, Origin="http://evil.example") == (403, b"")
    assert page.ask("", Host=f"localhost:{right.port}")[0] == 200


@pytest.mark.parametrize(
    ("way", "body", "status", "said"),
    [
        ("nothing", None, 404, ""),
        ("nothing", {}, 404, ""),
        ("sample", b"{", 400, ""),
        ("sample", [], 400, ""),
        ("sample", {"photo": 9, "nth": 0}, 422, "no photo 9"),
        ("sample", {"photo": "x", "nth": 0}, 422, "photo: expected"),
        ("sample", {"photo": 0, "nth": 0, "only": "crak"}, 422, "no generators of kind"),
        ("sample", {"photo": 0, "nth": 0, "settings": {"severity": [4, 2]}}, 422, "above high"),
        ("part/0", {"mask": "AAAA"}, 422, "no picture"),
        ("part/9", {"mask": None}, 422, "no photo 9"),
        ("large/77", None, 422, "gone"),
        ("photo/9", None, 422, "no photo 9"),
    ],
)
def test_what_cannot_be_answered_is_said_and_the_page_lives_on(
    page: Page, way: str, body: object, status: int, said: str
) -> None:
    found, content = page.ask(way, body)

    assert found == status
    assert said in content.decode()
    assert page.ask("sample", {"photo": 0, "nth": 0})[0] == 200


def test_a_sample_is_made_again_by_the_same_sliders(page: Page) -> None:
    body = {"photo": 1, "nth": 2, "settings": {"weights": {"scratch": 3}}}

    first, again, other = (
        json.loads(page.ask("sample", one)[1]) for one in (body, body, {**body, "nth": 3})
    )

    assert first["uri"] == again["uri"] != other["uri"]
    assert first["size"] == [128, 96]
    assert json.loads(page.ask(f"large/{first['number']}")[1])["outline"] == first["outline"]


def test_what_is_saved_makes_a_dataset_by_the_command_that_is_told(
    page: Page, photos: Path, tmp_path: Path
) -> None:
    half = np.zeros((48, 64), np.uint8)  # the page may draw on a smaller picture
    half[:24] = 255
    mask = base64.b64encode(cv2.imencode(".png", half)[1].tobytes()).decode()
    page.ask("part/1", {"mask": mask})
    settings = {"weights": {"scratch": 2, "rust": 0}, "severity": [3, 6]}

    status, content = page.ask("save", {"settings": settings})
    done = page.end()

    said = json.loads(content)
    assert status == 200
    assert said["next"] == done.command
    assert done.command.startswith(f"anomsynth generate {photos} DATASET --preset")
    assert asy.load_recipe(done.recipe).severity.d_prime.high == 6
    assert len(list((tmp_path / "out" / "part" / "plates").glob("*_mask.png"))) == 3
    made = asy.generate(
        photos, tmp_path / "data", preset=done.recipe, roi=tmp_path / "out" / "part",
        per_image=3, jobs=1,
    )  # fmt: skip
    assert made.written == 9
    assert not made.failed_images
    for path in (tmp_path / "data").rglob("ground_truth/*/00000[345]_mask.png"):
        assert not cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)[52:].any()


def test_masks_that_are_there_are_not_replaced(page: Page, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "part" / "plates" / "0_mask.png"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"corrected by hand")
    mask = base64.b64encode(cv2.imencode(".png", np.full((9, 9), 255, np.uint8))[1].tobytes())
    page.ask("part/1", {"mask": mask.decode()})

    status, content = page.ask("save", {"settings": {}})

    assert status == 422
    assert "corrected by hand" in content.decode()
    assert mine.read_bytes() == b"corrected by hand"
    assert page.end().recipe is None


def test_nothing_is_written_before_it_is_saved(page: Page, tmp_path: Path) -> None:
    page.ask("sample", {"photo": 0, "nth": 0})

    done = page.end()

    assert (done.recipe, done.masks, done.command) == (None, (), "")
    assert not (tmp_path / "out").exists()


def test_mistakes_are_said_before_anything_is_served(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("")

    with pytest.raises(OutputError, match=r"ends in \.toml"):
        asy.tune(photos, out=tmp_path / "mine.txt")
    with pytest.raises(OutputError, match="is there already"):
        asy.tune(photos, out=tmp_path / "mine.toml")
    with pytest.raises(UserError, match="no photo given"):
        asy.tune([], out=tmp_path / "new.toml")
    with pytest.raises(InputError, match="nowhere"):
        asy.tune(tmp_path / "nowhere", out=tmp_path / "new.toml")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_sliders_brush_and_saving_work_in_a_browser(page: Page, tmp_path: Path) -> None:
    with Browser(tmp_path / "profile") as browser:
        browser.open(page.url)
        browser.wait("document.body.dataset.drawn")
        before = browser.run(PICTURES)
        browser.run(
            "const low = document.getElementById('low'); low.value = Math.log(7);"
            "low.dispatchEvent(new Event('input'))"
        )
        browser.wait("document.body.dataset.drawn > 1 && !document.querySelector('.tile.old')")
        after = browser.run(PICTURES)
        browser.run("[...document.querySelectorAll('.kind button')].find("
                    "(one) => one.textContent === 'scratch').click()")  # fmt: skip
        browser.wait("!document.getElementById('alone').hidden && document.body.dataset.drawn > 2")
        alone = browser.run(
            "[...document.querySelectorAll('.tile:not(.bad) small')].map((one) => one.textContent)"
        )
        browser.run("document.getElementById('brush').click()")
        browser.wait("document.body.dataset.brush === '0'")
        box = browser.run(
            "(() => { const b = document.getElementById('mask').getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height] })()"
        )
        browser.run(
            "document.querySelector('[value=erase]').click();"
            "document.getElementById('width').value = 200"
        )
        for kind, x in (("mousePressed", 0), ("mouseMoved", box[2]), ("mouseReleased", box[2])):
            browser.call(
                "Input.dispatchMouseEvent", type=kind, x=box[0] + x, y=box[1] + box[3] - 2,
                button="left", buttons=1, clickCount=1,
            )  # fmt: skip
        browser.run("document.getElementById('use').click()")
        browser.wait("document.getElementById('told').textContent.includes('as you drew it')")
        browser.run("document.getElementById('save').click()")
        browser.wait("document.body.dataset.saved")
        complaints = browser.complaints

    done = page.end()
    mask = cv2.imread(str(done.masks[0]), cv2.IMREAD_GRAYSCALE)
    assert complaints == []
    assert before != after
    assert alone
    assert all(text.startswith("scratch") for text in alone)
    assert mask.shape == (96, 128)
    assert not mask[-4:].any()
    assert mask[:30].any()
    assert asy.load_recipe(done.recipe).severity.d_prime.low == pytest.approx(7, abs=0.1)

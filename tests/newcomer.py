"""Play the new user in an empty folder: README's commands in order, pages opened in a browser.

Usage: python newcomer.py WORK [TILES]

TILES is a folder in MVTec AD layout with real photos, e.g. of magnetic tiles, of which 30 good ones
are taken; without it plates are rendered. Every command has to end with exit code 0, what it names
has to exist, and no page may complain. Pictures of the pages, light and dark, are in WORK/pictures,
to be looked at.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from browser import Browser
from PIL import Image
from test_readme import commands

import anomsynth as asy

GOOD, NEW, FEW = 30, 8, 3  # photos to learn from, to look at, and defects of each kind
MOST_SECONDS = 360  # on 2 cores that do nothing else
PAGES = ("data/_anomsynth/report.html", "found/index.html")
PICTURE = "data/_anomsynth/sheet.png"


def lay_out_tiles(work: Path, tiles: Path) -> None:
    """Copy real photos to where README's commands look for them."""
    good = sorted((tiles / "train" / "good").iterdir())
    for folder, photos in (("photos", good[:GOOD]), ("new-photos", good[GOOD : GOOD + NEW])):
        (work / folder).mkdir(parents=True)
        for photo in photos:
            shutil.copy(photo, work / folder)
    real = work / "real-defects" / "tile"
    copies = {real / "train" / "good": good[-NEW:]}
    for kind in sorted(path.name for path in (tiles / "test").iterdir()):
        few = sorted((tiles / "test" / kind).iterdir())[: NEW if kind == "good" else FEW]
        copies[real / "test" / kind] = few
        if kind != "good":
            masks = tiles / "ground_truth" / kind
            copies[real / "ground_truth" / kind] = [
                next(masks.glob(f"{photo.stem}*")) for photo in few
            ]
    for place, files in copies.items():
        place.mkdir(parents=True)
        for file in files:
            shutil.copy(file, place)
    shutil.copy(
        real / "test" / "crack" / copies[real / "test" / "crack"][0].name, work / "new-photos"
    )


def render_plates(work: Path) -> None:
    """Render plates, some with a defect, to where README's commands look for them."""
    plates = asy.demo_photos()["metal"]
    real = work / "real-defects" / "plate"
    recipe = asy.load_recipe("metal", severity={"d_prime": [4, 8]})
    for number, plate in enumerate(plates):
        for turn in range(4):
            turned = Image.fromarray(np.ascontiguousarray(np.rot90(plate, 2 * (turn % 2))))
            if turn > 1:
                turned = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            save(turned, work / "photos" / f"{number}-{turn}.png")
        sample = asy.synthesize(plate, recipe, seed=number)
        save(Image.fromarray(plate), real / "test" / "good" / f"{number}.png")
        save(Image.fromarray(plate), real / "train" / "good" / f"{number}.png")
        save(Image.fromarray(sample.image), real / "test" / "damage" / f"{number}.png")
        save(Image.fromarray(sample.image), work / "new-photos" / f"{number}.png")
        save(Image.fromarray(sample.mask), real / "ground_truth" / "damage" / f"{number}_mask.png")


def save(picture: Image.Image, place: Path) -> None:
    """Write a picture into a folder that may not be there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    picture.save(place)


def run(words: list[str], work: Path) -> None:
    """Run a command as a user does; end if it fails."""
    begun = time.monotonic()
    done = subprocess.run(words, cwd=work, capture_output=True, text=True, check=False)
    say(f"{time.monotonic() - begun:6.1f} s  {' '.join(words)}")
    if done.returncode:
        sys.exit(f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}")


def look_at(work: Path, page: str) -> None:
    """Open a page light and dark, enlarge its first picture, and end if it complains."""
    pictures = work / "pictures"
    pictures.mkdir(exist_ok=True)
    for dark in (False, True):
        name = f"{page.removesuffix('.html').replace('/', '-')}-{'dark' if dark else 'light'}"
        with Browser(work / f".profile-{name}", dark=dark) as browser:
            browser.open((work / page).resolve().as_uri())
            browser.wait("document.body.dataset.ready === 'yes'")
            browser.picture(pictures / f"{name}.png")
            browser.run("document.querySelector('.card').click()")
            browser.wait(
                "[...document.querySelectorAll('#stage img')].every((one) => one.complete)"
            )
            browser.picture(pictures / f"{name}-zoom.png")
            broken = browser.run(
                "[...document.images].filter((one) => one.complete && !one.naturalWidth).length"
            )
            if browser.complaints or broken:
                sys.exit(f"{page}: {browser.complaints or f'{broken} pictures are broken'}")
        shutil.rmtree(work / f".profile-{name}", ignore_errors=True)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(work: Path, tiles: Path | None = None) -> None:
    """Go all the way."""
    work.mkdir(parents=True)
    if tiles is None:
        render_plates(work)
    else:
        lay_out_tiles(work, tiles)
    begun = time.monotonic()
    run(["anomsynth", "demo"], work)
    for words in commands("From photos to found defects"):
        run(words, work)
    for page in PAGES:
        look_at(work, page)
    pages = [path.relative_to(work).as_posix() for path in (work / "run").rglob("*.html")]
    for page in pages:
        look_at(work, page)
    if not (work / PICTURE).exists() or not pages:
        sys.exit("a picture or a page is missing")
    seconds = time.monotonic() - begun
    say(f"{seconds:6.1f} s in all, at most {MOST_SECONDS} s are wanted on 2 idle cores")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(Path, sys.argv[2:]))

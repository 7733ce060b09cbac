"""What README says can be done as it stands there, and what it names exists."""

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from anomsynth.cli.list_ import component_tables
from anomsynth.core.registry import generators

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MOST_BYTES = 10_000


def commands(heading: str) -> list[list[str]]:
    """Return the commands of the first block below a heading, without their comments."""
    section = README.read_text(encoding="utf-8").partition(f"## {heading}\n")[2]
    block = re.search(r"```bash\n(.*?)```", section, re.DOTALL)
    assert block is not None
    lines = (line.partition(" #")[0].strip() for line in block[1].splitlines())
    return [shlex.split(line) for line in lines if line]


def disc(seed: int, blot: bool = False) -> Image.Image:
    rng = np.random.default_rng(seed)
    levels = np.full((96, 96), 20.0)
    cv2.circle(levels, (48, 48), 38, 170, -1)
    if blot:
        cv2.circle(levels, (40, 52), 8, 60, -1)
    levels = cv2.GaussianBlur(levels, (0, 0), 0.8) + rng.normal(0, 3, levels.shape)
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def write(folder: Path, picture: Image.Image, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    picture.save(folder / f"{name}.png")


@pytest.mark.slow
def test_the_way_from_photos_to_found_defects_can_be_pasted(tmp_path, monkeypatch, call) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    for seed in range(10):
        write(tmp_path / "photos", disc(seed), f"{seed}")
        write(tmp_path / "new-photos", disc(50 + seed, blot=seed % 2 == 0), f"{seed}")
    real = tmp_path / "real-defects" / "disc"
    mask = Image.fromarray(cv2.circle(np.zeros((96, 96), np.uint8), (40, 52), 9, 255, -1))
    for seed in range(3):
        write(real / "train" / "good", disc(70 + seed), f"{seed}")
        write(real / "test" / "good", disc(80 + seed), f"{seed}")
        write(real / "test" / "blot", disc(90 + seed, blot=True), f"{seed}")
        write(real / "ground_truth" / "blot", mask, f"{seed}_mask")

    lines = commands("From photos to found defects")
    for words in lines:
        assert words[0] == "anomsynth"
        result = call(*words[1:])
        assert result.exit_code == 0, (words, result.output)

    assert [words[1] for words in lines] == [
        "generate", "report", "score", "train", "predict", "evaluate",
    ]  # fmt: skip
    for name in ("data/_anomsynth/sheet.png", "data/_anomsynth/report.html", "found/index.html"):
        assert (tmp_path / name).exists(), name


def test_it_is_short_and_its_links_lead_somewhere() -> None:
    text = README.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)

    assert len(text.encode()) <= MOST_BYTES
    assert len(links) > 5
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []


def test_the_tables_of_components_are_those_of_the_program() -> None:
    written = (ROOT / "examples" / "COMPONENTS.md").read_text(encoding="utf-8")

    assert component_tables(shipped_only=True) in written
    kinds = set(generators.kinds()) - set(generators.plugins())
    assert f"all {len(kinds)} kinds" in README.read_text(encoding="utf-8")

"""Load a YOLO export with ultralytics; run in an environment that has it.

Usage: python yolo_loads.py EXPORT
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset, polygon2mask


def main(out: Path) -> None:
    data = check_det_dataset(str(out / "data.yaml"), autodownload=False)
    assert sorted(data["names"]) == list(range(len(data["names"]))), data["names"]
    seen = set()
    for split in ("train", "val"):
        folder = out / "images" / split
        loaded = YOLODataset(
            img_path=data[split], data=data, task="segment", imgsz=64, augment=False, rect=False
        )
        assert len(loaded.labels) == len(list(folder.iterdir())), f"{split}: images were refused"
        for label in loaded.labels:
            seen |= set(label["cls"].ravel().astype(int))
            check_image(Path(label["im_file"]), label)
        assert loaded[0]["masks"].ndim == 3
        sys.stdout.write(f"{split}: all {len(loaded.labels)} images\n")
    assert seen == set(data["names"]), f"classes {seen} of {data['names']}"


def check_image(image: Path, label: dict) -> None:
    """Every line of the label file is an instance, and the lines fill the mask beside it."""
    lines = Path(str(image).replace("/images/", "/labels/")).with_suffix(".txt").read_text()
    assert len(label["segments"]) == lines.count("\n"), f"{image}: instances were dropped"
    with Image.open(image) as picture:
        width, height = picture.size
    drawn = np.zeros((height, width), dtype=bool)
    for segment in label["segments"]:
        polygon = segment * (width, height)
        drawn |= polygon2mask((height, width), [polygon.ravel()]).astype(bool)
    assert drawn.any() == bool(lines), f"{image}: nothing is drawn"


if __name__ == "__main__":
    main(Path(sys.argv[1]))

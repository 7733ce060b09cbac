"""Write a small source in the layout of MVTec 3D-AD: mounds on a plane, in metres.

Usage: python make_scans.py FOLDER
"""

import sys
from pathlib import Path

import cv2
import numpy as np


def main(root: Path) -> None:
    good = root / "mound" / "train" / "good"
    for place in ("rgb", "xyz"):
        (good / place).mkdir(parents=True)
    rows, cols = np.indices((160, 200), dtype=np.float64)
    x, y = (cols - 100) * 4e-4, (rows - 80) * 4e-4
    away = np.hypot(x, y)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        rise = np.where(away < 0.025, 0.3 * np.sqrt(np.maximum(0.03**2 - away**2, 0)), 0)
        points = np.dstack([x, y, 0.5 - rise + rng.normal(0, 1e-5, x.shape)])
        points[rng.random(x.shape) < 0.004] = 0
        tone = np.where(rise > 0, 150.0, 60.0) + 5 * rng.standard_normal(x.shape)
        picture = np.dstack([tone] * 3).clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(good / "rgb" / f"{seed:03d}.png"), picture)
        stored = points[..., ::-1].astype(np.float32)  # OpenCV turns the bands round
        cv2.imwrite(str(good / "xyz" / f"{seed:03d}.tiff"), stored)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

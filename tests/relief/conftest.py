"""Scans of known shapes."""

import numpy as np
import pytest

from anomsynth.errors import UserError
from anomsynth.relief.files import encode_scan, read_scan

PITCH = 0.1  # mm
DISTANCE = 400.0  # mm, from the sensor to the middle of a shape


def _offsets(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return (rows - (shape[0] - 1) / 2) * PITCH, (cols - (shape[1] - 1) / 2) * PITCH


def plane(shape=(120, 160), slope=0.3):
    """Return points of a tilted plane and its normals, (H, W, 3), mm."""
    y, x = _offsets(shape)
    points = np.dstack([x, y, DISTANCE + slope * x])
    normal = np.array([slope, 0, -1]) / np.hypot(slope, 1)
    return points.astype(np.float32), np.broadcast_to(normal, points.shape)


def sphere(shape=(160, 160), radius=12.0):
    """Return the near side of a ball and its normals; NaN beside it."""
    y, x = _offsets(shape)
    beyond = x**2 + y**2 > (0.8 * radius) ** 2
    depth = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))
    points = np.dstack([x, y, DISTANCE - depth])
    points[beyond] = np.nan
    return points.astype(np.float32), (points - [0, 0, DISTANCE]) / radius


def cylinder(shape=(120, 160), radius=12.0):
    """Return the near side of a rod along the rows and its normals; NaN beside it."""
    y, x = _offsets(shape)
    depth = np.sqrt(np.maximum(radius**2 - x**2, 0))
    points = np.dstack([x, y, DISTANCE - depth])
    points[np.abs(x) > 0.8 * radius] = np.nan
    normals = np.dstack([x / radius, 0 * x, -depth / radius])
    return points.astype(np.float32), normals


SHAPES = {"plane": plane, "sphere": sphere, "cylinder": cylinder}


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return SHAPES[request.param]()


def _damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with a few bytes changed, lost or put in, mostly in its header, or cut off."""
    broken = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        end = len(broken) if rng.random() < 0.4 else min(len(broken), 500)
        place, way = int(rng.integers(max(end, 1))), rng.integers(4)
        if way == 0 and place < len(broken):
            broken[place] = int(rng.integers(256))
        elif way == 1:
            del broken[place : place + int(rng.integers(1, 40))]
        elif way == 2:
            broken[place:place] = rng.integers(0, 256, 5).astype(np.uint8).tobytes()
        else:
            del broken[place:]
    return bytes(broken)


@pytest.fixture
def reads_or_says_why(tmp_path):
    """Return a check that damaged copies of a file are read, or refused in one line."""

    def check(name: str, content: bytes, copies: int = 25) -> None:
        rng, path = np.random.default_rng(1), tmp_path / f"damaged-{name}"
        told = []
        for _ in range(copies):
            path.write_bytes(_damaged(content, rng))
            try:
                encode_scan(read_scan(path, 1.0, mm_per_px=1.0))
            except UserError as error:
                told.append(str(error))
        assert len(told) > copies / 3
        assert all(str(path) in line and "\n" not in line for line in told)

    return check

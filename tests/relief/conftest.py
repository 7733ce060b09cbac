"""Scans of known shapes."""

import numpy as np
import pytest

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

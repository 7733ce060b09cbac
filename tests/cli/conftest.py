"""Photos and a quick recipe."""

from pathlib import Path

import pytest

RECIPE = """\
version = 1
description = "cracks and pits"
field_mm = 100
defects_per_image = 1

[[mechanisms]]
generator = { kind = "crack" }

[[mechanisms]]
generator = { kind = "pitting" }
"""


@pytest.fixture
def recipe_file(tmp_path) -> Path:
    path = tmp_path / "quick.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def photos(tmp_path, write_photos) -> Path:
    """Write three photos of each of two categories."""
    return write_photos(tmp_path / "photos", 3)


@pytest.fixture
def photo(photos) -> Path:
    return photos / "plate" / "0.png"

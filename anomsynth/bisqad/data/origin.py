"""What the record of a dataset tells a training: how it was made, and with which camera."""

from collections.abc import Mapping
from pathlib import Path

from anomsynth.dataset.layout import Layout
from anomsynth.dataset.metadata import read_run
from anomsynth.dataset.paths import is_file
from anomsynth.recipe.load import recorded_recipe
from anomsynth.recipe.models import Recipe


def record_of(dataset: Path) -> Mapping[str, object]:
    """Return run.json of a dataset that anomsynth made, {} of others."""
    layout = Layout(dataset)
    return read_run(layout) if is_file(layout.run_file) else {}


def recipe_of(dataset: Path, record: Mapping[str, object]) -> Recipe | None:
    """Return the recipe that a dataset was made with, if its record holds one."""
    written = record.get("recipe")
    where = str(Layout(dataset).run_file)
    return recorded_recipe(written, where) if isinstance(written, dict) else None


def bits_of(record: Mapping[str, object], category: str) -> int | None:
    """Return how many bits the camera uses of the photos that a tree of 8 bits was made of."""
    depths = record.get("depths")
    depth = depths.get(category) if isinstance(depths, dict) else None
    bits = depth.get("bits") if isinstance(depth, dict) else None
    return bits if isinstance(bits, int) else None

"""What the record of a dataset tells a training: how it was made, and with which camera."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from anomsynth.dataset.layout import Layout
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.metadata import read_run
from anomsynth.dataset.paths import exists
from anomsynth.dataset.provenance import Provenances
from anomsynth.errors import InputError
from anomsynth.recipe.load import recorded_recipe
from anomsynth.recipe.models import Recipe

logger = logging.getLogger(__name__)


def record_of(dataset: Path) -> Mapping[str, object]:
    """Return run.json of a dataset that anomsynth made, {} of others."""
    layout = Layout(dataset)
    return read_run(layout) if exists(layout.run_file) else {}


def recipe_of(dataset: Path, record: Mapping[str, object]) -> Recipe | None:
    """Return the recipe that a dataset was made with, if its record holds one.

    Mechanisms that set real defects into photos are left out, for nobody gives these again; a
    recipe of nothing else is none.
    """
    written = record.get("recipe")
    if not isinstance(written, dict):
        return None
    recipe = recorded_recipe(written, str(Layout(dataset).run_file))
    made = tuple(item for item in recipe.mechanisms if not item.generator.needs_defects)
    return recipe.model_copy(update={"mechanisms": made}) if made else None


def bits_of(record: Mapping[str, object], category: str) -> int | None:
    """Return how many bits the camera uses of the photos that a tree of 8 bits was made of."""
    depths = record.get("depths")
    depth = depths.get(category) if isinstance(depths, dict) else None
    bits = depth.get("bits") if isinstance(depth, dict) else None
    return bits if isinstance(bits, int) else None


def with_sources(
    root: Path, marked: Sequence[Labelled], found: Provenances, kind: str
) -> list[Labelled]:
    """Return the defects that a manifest names the good photo of.

    Raises
    ------
    InputError
        If there are none.
    """
    known = [entry for entry in marked if found.good(entry.image) is not None]
    if not known:
        hint = "give a whole dataset of `anomsynth generate`, with _anomsynth and train/good"
        msg = f"{root}: does not say which photo a defect was made from, which {kind} restores"
        raise InputError(msg, hint=hint)
    if len(known) < len(marked):
        lost = len(marked) - len(known)
        logger.warning("%s: %d defects are left out: the photos before are not there", root, lost)
    return known


def recorded_scores(marked: Sequence[Labelled], known: Provenances) -> Mapping[Path, float]:
    """Return the quality that the manifest holds of each defect, {} if one has none."""
    told = {entry.image: known.get(entry.image) for entry in marked}
    scores = {image: one.score for image, one in told.items() if one and one.score is not None}
    return scores if len(scores) == len(marked) else {}

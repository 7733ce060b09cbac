"""What a source folder holds for a run: photos, or scans with or without them."""

from collections.abc import Mapping
from pathlib import Path

from anomsynth.dataset.folders import PhotoSource, find_source
from anomsynth.errors import UserError
from anomsynth.pipeline.options import RunOptions
from anomsynth.recipe.models import Recipe
from anomsynth.synthesis.scanned import recipe_for_scan


def list_source(root: Path, options: RunOptions) -> PhotoSource:
    """List the photos of a folder, or its scans; a sweep looks at photos alone.

    Raises
    ------
    InputError, UserError
        As `find_source`.
    """
    return find_source(
        root,
        options.no_photos(),
        options.source_layout,
        scans=options.sweep is None,
        depth=options.depth_unit is not None,
    )


def check_scans(found: PhotoSource, recipes: Mapping[str, Recipe], options: RunOptions) -> None:
    """Check that what was asked for can be made of scans, if there are any.

    Raises
    ------
    UserError
        If scans are to be made smaller or to be swept, or a unit is given where nothing has one.
    RecipeError
        If there is nothing but depth, and a recipe has no kind that changes it.
    """
    if not found.has_scans:
        if options.depth_unit is not None:
            msg = f"`depth_unit`: {found.root} holds photos, and no scans"
            raise UserError(msg, hint="leave it out")
        return
    if options.max_side is not None:
        msg = "`max_side`: scans keep their points, and pictures the size of their scan"
        raise UserError(msg, hint="leave it out")
    if options.sweep is not None:
        msg = f"{found.root}: holds scans, and a sweep is made on photos"
        raise UserError(msg, hint="give a folder of pictures, e.g. train/good/rgb")
    for category, photos in found.categories.items():
        recipe_for_scan(recipes[category], shaded=any(one.scan == one.path for one in photos))

"""What a source folder holds for a run: photos, or scans with or without them."""

from collections.abc import Mapping
from pathlib import Path

from anomsynth.dataset.folders import PhotoSource, find_source
from anomsynth.dataset.layouts.tree import CLOUDS, scan_beside
from anomsynth.dataset.views import group_views
from anomsynth.errors import UserError
from anomsynth.pipeline.options import RunOptions
from anomsynth.recipe.models import Recipe
from anomsynth.relief.files import tells_colours
from anomsynth.synthesis.scanned import recipe_for_scan


def list_source(root: Path, options: RunOptions) -> PhotoSource:
    """List the photos of a folder, by parts if there are views, or its scans.

    A sweep looks at photos alone.

    Raises
    ------
    InputError, UserError
        As `find_source`.
    """
    found = find_source(
        root,
        options.no_photos(),
        options.source_layout,
        scans=options.sweep is None,
        depth=options.depth_unit is not None,
    )
    if not options.views:
        return found
    if found.has_scans:
        raise UserError("`views`: of photos, and the source holds scans", hint="leave it out")
    return group_views(found, options.views)


def find_scan(photo: Path, options: RunOptions) -> Path | None:
    """Return the scan that goes with a single file, which may be one itself; None for a photo."""
    if photo.suffix.lower() in CLOUDS or options.depth_unit is not None:
        return photo
    return scan_beside(photo)


def check_radiographs(recipes: Mapping[str, Recipe], options: RunOptions) -> None:
    """Raise UserError if something is asked of radiographs that needs light from outside."""
    if not any(recipe.transmission for recipe in recipes.values()):
        return
    if "normals" in options.extras:
        raise UserError("`extras`: radiographs have no normals", hint="leave out 'normals'")
    if options.views:
        raise UserError("`views`: radiographs know no lights", hint="leave it out")


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
    if any(recipe.transmission for recipe in recipes.values()):
        raise UserError(f"{found.root}: holds scans, and rays see no surface", hint="give photos")
    for category, photos in found.categories.items():
        recipe_for_scan(recipes[category], shaded=is_bare(photos[0].path, photos[0].scan))


def is_bare(path: Path, scan: Path | None) -> bool:
    """Tell whether there is nothing but depth of a part: no picture, and points without colours."""
    return scan == path and not tells_colours(path)

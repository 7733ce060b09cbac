"""Photos of one part in several lights: which go together, by their names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from anomsynth.dataset.folders import PhotoSource, category_name
from anomsynth.dataset.source_image import SourceImage
from anomsynth.errors import InputError, UserError

SEPARATORS = "_-. "  # between a part's name and that of a view
MOST_VIEWS = 16
LIT = r"(?:l|light|lamp|led|view|illum|illumination)[-_]?\d{1,2}"
VIEW_NAME = re.compile(LIT, re.IGNORECASE)
VIEW_ENDING = re.compile(rf"[_\-. ]({LIT})$", re.IGNORECASE)
HINT = "name photos of one part alike: part_L0.png, part_L1.png, or L0/part.png, L1/part.png"


def check_views(names: Sequence[str]) -> None:
    """Raise UserError unless views can be told apart by these names."""
    if len(names) == 1 or len(set(names)) < len(names):
        msg = f"`views`: expected different names, two or more, got {','.join(names)!r}"
        raise UserError(msg, hint="for example L0,L1")
    for name in names:
        if not name or any(sign in name for sign in '/\\:*?"<>|,. '):
            raise UserError(f"`views`: {name!r} cannot be part of a file name", hint="such as L0")


def views_by_name(source: PhotoSource) -> tuple[str, ...]:
    """Return the views that photos are named by, if all are and each part has all; else none.

    Taken for names of views are words that say light or view with a number (``part_L0.png``): other
    endings may be anything.
    """
    views: set[str] = set()
    parts: dict[str, set[str]] = {}
    for category, photos in source.categories.items():
        for photo in photos:
            steps = [category, *PurePosixPath(photo.key).with_suffix("").parts]
            place = next((at for at, step in enumerate(steps) if VIEW_NAME.fullmatch(step)), -1)
            view = steps.pop(place) if place >= 0 else ""
            if place < 0:
                ending = VIEW_ENDING.search(steps[-1])
                if ending is None:
                    return ()
                view, steps[-1] = ending[1], steps[-1][: ending.start()]
            views.add(view)
            parts.setdefault("/".join(steps), set()).add(view)
            if len(views) > MOST_VIEWS:
                return ()
    whole = all(seen == views for seen in parts.values())
    return tuple(sorted(views)) if whole and len(views) > 1 else ()


def group_views(source: PhotoSource, names: Sequence[str]) -> PhotoSource:
    """Return a source with one photo for each part, that of the first view, the others with it.

    A view's name ends that of its photo (``part_L0.png``), or is the whole of it or of a folder's
    (``part/L0.png``, ``L0/part.png``).

    Parameters
    ----------
    source : PhotoSource
    names : names of the views, the first the one that stands for the part

    Raises
    ------
    InputError
        If a photo is of no view, a part lacks one, or two photos are one view of a part.
    """
    categories = source.categories
    if set(categories) <= set(names):  # folders of views were taken for categories
        joined = [
            SourceImage(f"{category}/{photo.key}", photo.path)
            for category, photos in categories.items()
            for photo in photos
        ]
        categories = {category_name(source.root): tuple(joined)}
    grouped = {name: _of_parts(photos, names) for name, photos in categories.items()}
    return replace(source, categories=grouped)


def _of_parts(photos: Sequence[SourceImage], names: Sequence[str]) -> tuple[SourceImage, ...]:
    parts: dict[str, dict[str, SourceImage]] = {}
    for photo in photos:
        view, part = _split(photo, names)
        known = parts.setdefault(part, {})
        if view in known:
            msg = (
                f"{photo.path}: a second photo of view {view!r} of one part, as {known[view].path}"
            )
            raise InputError(msg, hint=HINT)
        known[view] = photo
    joined = [_joined(views, names) for views in parts.values()]
    return tuple(sorted(joined, key=lambda photo: photo.key))


def _split(photo: SourceImage, names: Sequence[str]) -> tuple[str, str]:
    """Return the view of a photo and the name of its part."""
    key = PurePosixPath(photo.key)
    steps = [*key.parts[:-1], key.stem]
    for view in names:
        if view in steps:
            place = len(steps) - 1 - steps[::-1].index(view)
            return view, "/".join([*steps[:place], *steps[place + 1 :]])
    for view in sorted(names, key=len, reverse=True):
        rest = key.stem.removesuffix(view)
        if rest != key.stem and rest[-1:] in SEPARATORS:
            return view, "/".join([*steps[:-1], rest[:-1]])
    msg = f"{photo.path}: its name tells none of the views {', '.join(names)}"
    raise InputError(msg, hint=HINT)


def _joined(views: Mapping[str, SourceImage], names: Sequence[str]) -> SourceImage:
    missing = [name for name in names if name not in views]
    if missing:
        there = next(iter(views.values()))
        raise InputError(f"{there.path}: no view {missing[0]!r} of this part", hint=HINT)
    first, *others = names
    return replace(views[first], views=tuple((name, views[name]) for name in others))

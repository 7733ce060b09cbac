"""What decides the content of a dataset, as run.json keeps it."""

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import cv2

from anomsynth._version import __version__
from anomsynth.core.png import packer_name
from anomsynth.core.registry import generators, refiners
from anomsynth.errors import UserError
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.places import with_same_places
from anomsynth.recipe.load import recorded_recipe
from anomsynth.recipe.models import Recipe
from anomsynth.sqe.all_terms import terms

# Pixels may differ between versions of these; Python itself has no say in them.
DECISIVE = ("anomsynth", "numpy", "scipy", "opencv", "pillow", "PyWavelets")

TEXTS = ("description", "stands_for", "cannot", "stand_in")  # of a recipe: they decide no pixel

PARTS = (
    "source",
    "seed",
    "recipe",
    "recipes",
    "options",
    "categories",
    "versions",
    "plugins",
    "depths",
)


def run_record(
    recipes: Mapping[str, Recipe],
    options: RunOptions,
    source: Path,
    photos: Sequence[tuple[str, str]],
) -> dict[str, object]:
    """Return run.json as plain JSON values: no times, no worker count, nothing of this machine.

    Parameters
    ----------
    recipes : dict of category -> Recipe
    options : RunOptions
    source : Path
    photos : category and key of each photo
    """
    return {
        "format": 1,
        "versions": versions(),
        **_if_any("plugins", plugins(recipes.values())),
        **_if_any("environment", dict(options.environment)),
        **_written(recipes),
        "source": source.as_posix(),
        "categories": {name: _listing(keys) for name, keys in _by_category(photos).items()},
        "options": {
            "per_image": None if _counted_otherwise(options) else options.per_image,
            "count": options.count,
            **({} if options.purpose is None else {"purpose": options.purpose}),
            **({} if options.sweep is None else {"sweep": options.sweep.model_dump(mode="json")}),
            "test_share": options.test_share,
            "extras": sorted(options.extras),
            "png": options.png,
            **({"tree_depth": options.tree_depth} if options.tree_depth != 8 else {}),
            **({"value_range": list(options.value_range)} if options.value_range else {}),
            **({"bands": list(options.bands)} if options.bands else {}),
            **({} if options.depth_unit is None else {"depth_unit": options.depth_unit}),
            **({} if options.depth_sense is None else {"depth_sense": options.depth_sense}),
            **({"views": list(options.views)} if options.views else {}),
            **({"lights": [one._asdict() for one in options.lights]} if options.lights else {}),
            **({} if options.max_side is None else {"max_side": options.max_side}),
            **({"keep_names": True} if options.keep_names else {}),
            **({"out_layout": options.out_layout} if options.out_layout != "mvtec" else {}),
            **{name: _absolute(folder) for name, folder in options.folders().items()},
        },
    }


def _counted_otherwise(options: RunOptions) -> bool:
    return bool(options.count or options.purpose or options.sweep)


def _written(recipes: Mapping[str, Recipe]) -> dict[str, object]:
    """Return one `recipe`, or `recipes` by category where they differ."""
    first = next(iter(recipes.values()))
    plain = {category: one.model_dump(mode="json") for category, one in recipes.items()}
    if all(one == first for one in recipes.values()):
        return {"recipe": first.model_dump(mode="json"), "seed": first.seed}
    return {"recipes": plain, "seed": first.seed}


def versions() -> dict[str, str]:
    """Return the versions that decide whether a dataset can be made again."""
    return {
        "anomsynth": __version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "opencv": cv2.__version__,  # its wheel has one of four names
        "pillow": version("pillow"),
        "PyWavelets": version("PyWavelets"),
        "zlib": packer_name(),  # decides nothing: the bytes are those of any other
    }


def plugins(recipes: Iterable[Recipe]) -> dict[str, str]:
    """Return the versions of the plugins that recipes use, by distribution.

    The quality score counts as used: terms of plugins are part of it.
    """
    origins = [terms.origin(name) for name in terms.plugins()]
    for recipe in recipes:
        origins += [generators.origin(item.generator.kind) for item in recipe.mechanisms]
        origins += [refiners.origin(item.kind) for item in recipe.refiners]
    found = {origin.name: origin.version for origin in origins if origin is not None}
    return dict(sorted(found.items()))


def _if_any(name: str, found: dict[str, str]) -> dict[str, object]:
    return {name: found} if found else {}


def differences(stored: Mapping[str, object], planned: Mapping[str, object]) -> list[str]:
    """Name what differs between a stored and a planned run, old and new value where it is short.

    What was decided about parts is not compared: it follows from the photos, which may be mended.
    """
    now = _renamed(json.loads(json.dumps(planned)))
    before = _renamed(with_same_places(stored, now))
    found = []
    if "foreground" in now and "foreground" not in before:
        found.append("an older version made it, which found the part in each photo by itself")
    for part in PARTS:
        old, new = before.get(part), now.get(part)
        if part in {"plugins", "depths"}:  # not written where there is none
            old, new = old or {}, new or {}
        if isinstance(old, dict) and isinstance(new, dict):
            names = [
                name
                for name in dict.fromkeys((*new, *old))
                if old.get(name) != new.get(name) and (part, name) != ("recipe", "seed")
            ]
            if part == "versions":
                names = [name for name in names if name in DECISIVE]
            found += [_difference(f"{part} {name}", old.get(name), new.get(name)) for name in names]
        elif old != new:
            found.append(_difference(part, old, new))
    return found


def renamed_categories(stored: Mapping[str, object], planned: Mapping[str, object]) -> list[str]:
    """Say that a category has another name now, and what of it: samples are drawn by its name."""
    before, now = stored.get("categories"), planned.get("categories")
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return []
    gone = {json.dumps(before[name], sort_keys=True): name for name in before if name not in now}
    found = []
    for name in now:
        old = gone.get(json.dumps(now[name], sort_keys=True))
        if name not in before and old is not None:
            found.append(
                f"the folder {old!r} is called {name!r} now, and samples are drawn by that name"
            )
    return found


def _renamed(record: Mapping[str, object]) -> dict[str, object]:
    """Return a record with its recipes under today's names, but for what they say to people."""
    found = dict(record)
    if "recipe" in found:
        found["recipe"] = _with_new_names(found["recipe"])
    recipes = found.get("recipes")
    if isinstance(recipes, dict):
        found["recipes"] = {name: _with_new_names(one) for name, one in recipes.items()}
    return found


def _with_new_names(recipe: object) -> object:
    """Return a stored recipe under today's names; as it is where it is none of today's."""
    if not isinstance(recipe, dict):
        return recipe
    try:
        renamed = recorded_recipe(recipe, "run.json").model_dump(mode="json")
    except UserError:
        renamed = recipe
    return {name: value for name, value in renamed.items() if name not in TEXTS}


def _difference(name: str, old: object, new: object) -> str:
    shown = [json.dumps(value, ensure_ascii=False) for value in (old, new)]
    if max(map(len, shown)) > 80:
        return name
    return f"{name} was {shown[0]}, is {shown[1]}"


def _by_category(photos: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for category, key in photos:
        found.setdefault(category, []).append(key)
    return found


def _listing(keys: Sequence[str]) -> dict[str, object]:
    names = "\n".join(keys)
    return {"photos": len(keys), "names_sha256": hashlib.sha256(names.encode()).hexdigest()}


def _absolute(folder: Path | None) -> str | None:
    return None if folder is None else folder.resolve().as_posix()

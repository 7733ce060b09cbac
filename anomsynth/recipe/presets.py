"""Where recipes with a name lie: the shipped presets, and those of plugins."""

import difflib
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from anomsynth.core.registry import Origin, generators, points_of
from anomsynth.errors import PluginError, UnknownComponentError

GROUP = "anomsynth.presets"


def preset_folder() -> Path:
    """Return the folder of the shipped presets: in the wheel, or beside an editable package."""
    package = Path(__file__).parents[1]
    shipped = package / "presets"
    return shipped if shipped.is_dir() else package.parent / "presets"


def preset_names() -> list[str]:
    """Return the names of all presets, sorted; folders are part of a name.

    Raises
    ------
    PluginError
        If a plugin's presets cannot be found, or two presets have one name.
    """
    return sorted(_files())


def find_preset(name: str) -> Path:
    """Return the file of the preset `name`.

    Raises
    ------
    UnknownComponentError
        If there is none; the hint names the nearest one, or says what else is called so.
    PluginError
        As for `preset_names`.
    """
    files = _files()
    if name in files:
        return files[name]
    # The last part alone is what people remember of "mvtec/bottle".
    names = sorted(files)
    short = {known.rpartition("/")[2]: known for known in names}
    near = difflib.get_close_matches(name, names, n=1)
    near = near or [short[hit] for hit in difflib.get_close_matches(name, short, n=1)]
    if name in generators.kinds():
        hint = f"it is a kind: `kinds={name!r}` makes only that"
    elif near:
        hint = f"did you mean {near[0]!r}? (a file's name ends in .toml)"
    else:
        hint = "see: anomsynth list presets (a file's name ends in .toml)"
    raise UnknownComponentError(f"no preset {name!r}", hint=hint)


def preset_origin(name: str) -> Origin | None:
    """Return the distribution that a preset comes from, None for a shipped one."""
    path = find_preset(name)
    return next((where for where, folder in _plugins() if folder in path.parents), None)


def _files() -> dict[str, Path]:
    """Return the files of all presets by name."""
    found = _below(preset_folder())
    for origin, folder in _plugins():
        for name, path in _below(folder).items():
            if name in found:
                msg = f"presets: {name!r} is provided twice, second by {origin.name} ({path})"
                raise PluginError(msg)
            found[name] = path
    return found


def _below(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.toml")
    }


@cache
def _plugins() -> tuple[tuple[Origin, Path], ...]:
    """Return the folders that plugins ship, in the order of their entry points' names."""
    points = sorted(points_of(GROUP), key=lambda point: (point.name, point.value))
    return tuple((Origin.of(point), _folder(point)) for point in points)


def _folder(point: EntryPoint) -> Path:
    """Return the folder of the package that an entry point names, without importing it."""
    try:
        spec: ModuleSpec | None = find_spec(point.value)
    except (ImportError, ValueError) as error:
        msg = f"presets {point.name!r} ({point.value}) failed to import: {error}"
        raise PluginError(msg) from error
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    if not places:
        raise PluginError(f"presets {point.name!r}: {point.value} is no package with TOML files")
    return Path(places[0])

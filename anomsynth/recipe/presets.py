"""Where the shipped recipes lie, and what they are called."""

import difflib
from pathlib import Path

from anomsynth.errors import UnknownComponentError


def preset_folder() -> Path:
    """Return the folder of the shipped presets: in the wheel, or beside an editable package."""
    package = Path(__file__).parents[1]
    shipped = package / "presets"
    return shipped if shipped.is_dir() else package.parent / "presets"


def preset_names() -> list[str]:
    """Return the names of all shipped presets, sorted; folders are part of a name."""
    folder = preset_folder()
    found = (path.relative_to(folder).with_suffix("") for path in folder.rglob("*.toml"))
    return sorted(path.as_posix() for path in found)


def find_preset(name: str) -> Path:
    """Return the file of the preset `name`.

    Raises
    ------
    UnknownComponentError
        If there is none; the hint names the nearest one.
    """
    names = preset_names()
    if name in names:
        return preset_folder() / f"{name}.toml"
    # The last part alone is what people remember of "mvtec/bottle".
    short = {known.rpartition("/")[2]: known for known in names}
    near = difflib.get_close_matches(name, names, n=1)
    near = near or [short[hit] for hit in difflib.get_close_matches(name, short, n=1)]
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
    raise UnknownComponentError(f"no preset {name!r}", hint=f"{hint} A file's name ends in .toml")

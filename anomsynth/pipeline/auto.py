"""The preset "auto": one from a category's name, else from what its photos look like."""

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from anomsynth.dataset.images import read_photo
from anomsynth.errors import InputError
from anomsynth.recipe.presets import preset_names
from anomsynth.surface.analyze import analyze
from anomsynth.surface.appearance import Appearance, measure_appearance

PHOTOS = 5  # looked at, spread over the category
FALLBACK = "generic"
WOODEN = 12.0  # chroma from which brown with parallel marks is wood, not metal in warm light
# Words of names and what they are made of. The last one decides, for a wood screw is a screw, but
# how it was made or coated says more.
FINISHES = {
    "metal_cast": ("cast", "casting", "castings", "forged", "foundry", "sintered"),
    "metal_brushed": ("brushed", "ground", "rolled"),
    "metal_painted": ("painted", "lacquered", "enamelled", "enameled"),
}
MATERIALS = {
    "metal": (
        *("metal", "metallic", "steel", "iron", "aluminium", "aluminum", "brass", "copper"),
        *("bronze", "zinc", "titanium", "screw", "screws", "ballscrew", "bolt", "bolts", "gear"),
        *("gears", "shaft", "shafts", "bearing", "bearings", "rail", "rails", "washer", "washers"),
    ),
    "wood": ("wood", "wooden", "timber", "veneer", "plywood", "lumber"),
    "leather": ("leather",),
    "fabric": ("fabric", "fabrics", "textile", "cloth", "woven"),
    "carpet": ("carpet", "rug"),
    "ceramic_tile": ("ceramic", "ceramics", "tile", "tiles", "porcelain"),
    "concrete": ("concrete", "cement", "mortar", "pavement"),
    "glass": ("glass", "lens", "lenses"),
    "plastic": ("plastic", "plastics", "polymer", "acrylic"),
    "paper": ("paper", "cardboard", "carton"),
    "pcb": ("pcb", "pcbs", "circuit"),
    "rubber": ("rubber", "gasket", "gaskets", "tyre", "tire"),
    "food": ("food", "bread", "biscuit", "biscuits", "cookie", "cookies"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A preset and why it was chosen, in words."""

    preset: str
    why: str


def choose_preset(category: str, photos: Sequence[Path]) -> Choice:
    """Choose a preset for a category.

    The category's name decides if a preset is called so (``bottle`` is ``mvtec/bottle``) or a word
    of it names a material (``steel_plate_2``), else the median appearance of a few photos, by rules
    of thumb that name a material.

    Raises
    ------
    InputError
        If no photo that was looked at can be read.
    """
    named = _by_name(category)
    if named is not None:
        return Choice(named, f"the category is called {category!r}")
    spoken = _by_words(category)
    if spoken is not None:
        preset, word = spoken
        return Choice(preset, f"the category's name {category!r} speaks of {word!r}")
    look = _median_look(photos)
    preset, why = guess_material(look)
    return Choice(preset, f"{why} (from the look of the photos, not by name)")


def _by_name(category: str) -> str | None:
    """Return the preset whose name, or the last part of it, is the category's."""
    wanted = category.rpartition("/")[2].lower().replace("-", "_").replace(" ", "_")
    names = preset_names()
    found = [name for name in names if name.rpartition("/")[2] == wanted]
    # "wood" is a category of a data set and a material: the product says more.
    return next(iter(sorted(found, key=lambda name: "/" not in name)), None)


def _by_words(category: str) -> tuple[str, str] | None:
    """Return the material that a word of the category's name tells, and the word."""
    words = re.findall(r"[a-z]+", category.rpartition("/")[2].lower())
    for table in (FINISHES, MATERIALS):
        for word in reversed(words):
            for preset, names in table.items():
                if word in names:
                    return preset, word
    return None


def guess_material(look: Appearance) -> tuple[str, str]:
    """Return the preset of the material that looks most like it, and the reason in words."""
    return next((preset, why) for fits, preset, why in _rules(look) if fits)


def _rules(look: Appearance) -> Iterator[tuple[bool, str, str]]:
    """Yield whether a rule applies, its preset and its reason; the last one always does."""
    coloured = look.chroma >= 8
    brown = coloured and 25 <= look.hue_deg <= 95
    green = coloured and 95 < look.hue_deg <= 200
    object_ = look.part_share < 0.85
    hue = f"hue {look.hue_deg:.0f} degrees"
    rough = f"contrast {look.contrast:.1f} L*"
    repeats = look.repetition >= 0.35 and not object_  # an object's own outline repeats nothing
    marks = f"parallel marks ({look.coherence:.2f})"
    wooden = brown and look.chroma >= WOODEN
    yield look.coherence >= 0.5 and wooden and not object_, "wood", f"brown, with {marks}"
    yield repeats, "fabric", f"its texture repeats ({look.repetition:.2f})"
    pale = not coloured or (brown and not wooden)
    yield look.coherence >= 0.6 and pale, "metal_brushed", f"grey, with {marks}"
    yield green and look.spread >= 25, "pcb", f"green, with detail (L* spread {look.spread:.0f})"
    yield brown and object_, "food", f"brown or yellow objects ({hue})"
    yield brown, "leather", f"brown, without a grain ({hue})"
    yield coloured, "plastic", f"coloured (chroma {look.chroma:.0f})"
    yield look.contrast >= 8, "concrete", f"grey and coarse ({rough})"
    yield look.lightness >= 80, "ceramic_tile", f"white and even (L* {look.lightness:.0f})"
    yield look.contrast >= 1.5, "metal_cast", f"grey and rough ({rough})"
    yield object_ and look.lightness < 35, "rubber", "dark, smooth objects"
    yield object_, "plastic", "grey, smooth objects"
    yield True, FALLBACK, "grey and smooth, as many materials are"


def _median_look(photos: Sequence[Path]) -> Appearance:
    """Return the median of each number over some photos."""
    step = max(len(photos) // PHOTOS, 1)
    looks, last = [], InputError("no photo to choose a preset by", hint="name a preset")
    for path in photos[::step][:PHOTOS]:
        try:
            looks.append(measure_appearance(analyze(read_photo(path))))
        except InputError as error:
            last = error
    if not looks:
        raise last
    medians = {
        item.name: statistics.median(getattr(look, item.name) for look in looks)
        for item in fields(Appearance)
    }
    return Appearance(**medians)

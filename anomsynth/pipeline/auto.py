"""The preset "auto": one from a category's name, else from what its photos look like."""

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from anomsynth.core.path_list import PathList
from anomsynth.dataset.reading import PhotoReader, find_depth
from anomsynth.dataset.source_image import SourceImage
from anomsynth.dataset.tiff import Reading
from anomsynth.errors import InputError
from anomsynth.recipe.presets import preset_names
from anomsynth.surface.analyze import analyze
from anomsynth.surface.appearance import Appearance, measure_appearance

PHOTOS = 5  # looked at, spread over the category
FALLBACK = "generic"
# How folders of public data sets are called: the data set before the category.
DATASETS = {
    "mvtec": ("mvtec_", "mvtecad_", "mvtec_ad_", "mvtec_anomaly_detection_"),
    "visa": ("visa_",),
    "btad": ("btad_", "btech_", "beantech_", "btad_product_"),
}
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


@dataclass(frozen=True, slots=True)
class Within:
    """How well a number of the look fits a material: 1 between the bounds, 0 from `soft` beyond."""

    name: str
    low: float
    high: float
    soft: float

    def fit(self, look: Appearance) -> float:
        """Return the fit in [0, 1], linear between."""
        value = getattr(look, self.name)
        return max(0.0, 1.0 - max(self.low - value, value - self.high, 0.0) / self.soft)


LARGEST = float("inf")
# Materials that a look can tell, and only those: whether a grey, smooth object is steel, rubber or
# plastic no look says. Tried on photos of 19 products: what is told must not be wrong, and a
# product that is left to the broad preset loses little.
LOOKS: dict[str, tuple[str, tuple[Within, ...]]] = {
    "wood": (
        "brown with marks that run one way",
        (
            Within("part_share", 0.95, 1, 0.1),
            Within("chroma", 14, LARGEST, 6),
            Within("hue_deg", 40, 95, 15),
            Within("coherence", 0.5, 1, 0.2),
            Within("alignment", 0.8, 1, 0.2),
            Within("spread", 0, 40, 20),
            Within("contrast", 0, 8, 4),
        ),
    ),
    "leather": (
        "dark brown, even and fine, without a direction",
        (
            Within("part_share", 0.95, 1, 0.1),
            Within("chroma", 10, LARGEST, 5),
            Within("hue_deg", 25, 70, 10),
            Within("lightness", 0, 55, 15),
            Within("spread", 0, 20, 10),
            Within("coherence", 0, 0.5, 0.2),
            Within("contrast", 1, 5, 0.8),
        ),
    ),
    "fabric": (
        "a texture that repeats",
        (
            Within("part_share", 0.95, 1, 0.1),
            Within("repetition", 0.55, 1, 0.3),
            Within("coherence", 0, 0.45, 0.2),
            Within("spread", 0, 35, 15),
        ),
    ),
    "metal_brushed": (
        "grey with marks that run one way",
        (
            Within("part_share", 0.5, 1, 0.1),
            Within("chroma", 0, 8, 4),
            Within("coherence", 0.55, 1, 0.2),
            Within("alignment", 0.8, 1, 0.2),
            Within("repetition", 0, 0.3, 0.2),
            Within("spread", 0, 45, 15),
        ),
    ),
    "pcb": (
        "green with much detail",
        (
            Within("chroma", 14, LARGEST, 4),
            Within("hue_deg", 130, 185, 15),
            Within("spread", 30, 100, 10),
            Within("lightness", 15, 60, 10),
        ),
    ),
}
SURE = 0.6  # confidence from which a look decides
APART = 0.2  # that it must be ahead of the next material


def choose_presets(
    categories: Mapping[str, Iterable[SourceImage]],
    bits: int | None = None,
    reading: Reading | None = None,
) -> dict[str, Choice]:
    """Choose a preset for each category of a source, by all of its photos.

    Whatever takes "auto" asks here, so that a recipe is tried and tuned on what a run makes.

    Parameters
    ----------
    categories : dict of category -> photos
    bits, reading
        See `choose_preset`.

    Raises
    ------
    InputError
        If no photo of a category that was looked at can be read.
    """
    return {
        category: choose_preset(
            category, PathList(one.path for one in photos if one.scan != one.path), bits, reading
        )
        for category, photos in categories.items()
    }


def choose_preset(
    category: str,
    photos: Sequence[Path],
    bits: int | None = None,
    reading: Reading | None = None,
) -> Choice:
    """Choose a preset for a category.

    The category's name decides if a preset is called so (``bottle`` and ``mvtec_bottle`` are
    ``mvtec/bottle``) or a word of it names a material (``steel_plate_2``), else the median
    appearance of a few photos where it tells a material surely, else it is ``generic``.

    Parameters
    ----------
    category : str
    photos : all of its photos
    bits, reading
        What the user says about their files, see `anomsynth.dataset.reading.find_depth`.

    Raises
    ------
    InputError
        If no photo that was looked at can be read.
    """
    named = _by_name(category, photos)
    if named is not None:
        return Choice(named, f"the category is called {category!r}")
    spoken = _by_words(category)
    if spoken is not None:
        preset, word = spoken
        return Choice(preset, f"the category's name {category!r} speaks of {word!r}")
    preset, why = guess_material(_median_look(photos, bits, reading))
    return Choice(preset, f"{why} (from the look of the photos, not by name)")


def _by_name(category: str, photos: Sequence[Path]) -> str | None:
    """Return the preset whose name, or the last part of it, is the category's."""
    wanted = re.sub(r"[^a-z0-9]+", "_", category.rpartition("/")[2].lower()).strip("_")
    names = preset_names()
    short = {name: name.rpartition("/")[2] for name in names}
    for dataset, prefixes in DATASETS.items():
        # The longest spelling first: "mvtec_ad_" begins with "mvtec_", too.
        for prefix in sorted(prefixes, key=len, reverse=True):
            own = f"{dataset}/{wanted.removeprefix(prefix).lstrip('_')}"
            if wanted.startswith(prefix) and own in names:
                return own
    if wanted.isdecimal():
        # "01" is a category of a data set, and what anybody calls a folder.
        above = {parent.name.lower() for path in photos[:1] for parent in path.parents}
        short = {name: one for name, one in short.items() if name.partition("/")[0] in above}
    found = [name for name, one in short.items() if one == wanted]
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
    """Return the preset of the material that a look tells surely, else the broad one, and why.

    The confidence in a material is the worst fit of its numbers; below `SURE`, or with another
    material less than `APART` behind, nothing is told.
    """
    fits = {
        preset: min(bound.fit(look) for bound in bounds) for preset, (_, bounds) in LOOKS.items()
    }
    ranked = sorted(fits, key=fits.__getitem__, reverse=True)
    first, second = ranked[:2]
    considered = ", ".join(f"{name} {fits[name]:.2f}" for name in ranked)
    if fits[first] >= SURE and fits[first] - fits[second] >= APART:
        others = considered.partition(", ")[2]
        return first, f"{LOOKS[first][0]}, confidence {fits[first]:.2f}; considered: {others}"
    return FALLBACK, f"no material looks sure enough (confidence {considered}; asked {SURE:g})"


def _median_look(photos: Sequence[Path], bits: int | None, reading: Reading | None) -> Appearance:
    """Return the median of each number over some photos."""
    step = max(len(photos) // PHOTOS, 1)
    looks, last = [], InputError("no photo to choose a preset by", hint="name a preset")
    some = photos[::step][:PHOTOS]
    read = PhotoReader(reading, find_depth(some, bits, reading))
    for path in some:
        try:
            looks.append(measure_appearance(analyze(read(path))))
        except InputError as error:
            last = error
    if not looks:
        raise last
    medians = {
        item.name: statistics.median(getattr(look, item.name) for look in looks)
        for item in fields(Appearance)
    }
    return Appearance(**medians)

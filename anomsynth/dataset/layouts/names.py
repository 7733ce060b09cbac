"""What a folder's name says that its pictures are: good parts, defects, or masks."""

import re
from typing import Literal

from anomsynth.dataset.layouts.tree import GOOD_NAMES

Meaning = Literal["good", "defects", "masks", ""]

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
# fmt: off
GOOD_WORDS = GOOD_NAMES | frozenset({
    "faultless", "flawless", "gut", "gutteile", "intact", "passed", "undamaged",
    # Chinese and Japanese: passed, normal, good part, without fault
    "\u5408\u683c", "\u6b63\u5e38", "\u826f\u54c1", "\u65e0\u7455\u75b5",
})
DENIALS = frozenset({"no", "non", "not", "un", "without", "free", "zero"})
# No product is called so: the word decides, whatever stands beside it.
BAD_WORDS = frozenset({
    "abnormal", "anomalies", "anomalous", "anomaly", "ausschuss", "bad", "damage", "damaged",
    "damages", "def", "defect", "defected", "defective", "defects", "defekt", "defekte", "fault",
    "faults", "faulty", "fehler", "fehlerhaft", "flaw", "flaws", "ko", "ng", "nio", "nogood", "nok",
    "notgood", "notok", "outlier", "outliers", "reject", "rejected", "rejects", "schlecht",
    "schlechtteile",
    # not passed, bad, bad part, abnormal (twice), defect, fault
    "\u4e0d\u5408\u683c", "\u4e0d\u826f", "\u4e0d\u826f\u54c1", "\u5f02\u5e38", "\u7570\u5e38",
    "\u7f3a\u9677", "\u7455\u75b5",
})
MASK_WORDS = frozenset({
    "annotation", "annotations", "groundtruth", "gt", "masks", "segmentation", "segmentations",
    "segm",
})
# Products are called so too, a hole saw or a label printer: only words of no meaning stand beside.
KINDS_OF_DEFECTS = frozenset({
    "blowhole", "break", "broken", "burr", "chip", "contamination", "corrosion", "crack", "cracked",
    "cracks", "dent", "dents", "fray", "hole", "holes", "missing", "pit", "pits", "pitting",
    "positive", "rust", "scrap", "scratch", "scratched", "scratches", "stain", "stains", "test",
    "tests", "uneven",
})
KINDS_OF_MASKS = frozenset({"label", "labels", "mask", "seg", "semantic", "truth"})
MEANINGLESS = frozenset({
    "a", "all", "and", "area", "b", "back", "bmp", "bottom", "c", "cam", "camera", "class",
    "classes", "cls", "d", "data", "dataset", "deep", "dir", "e", "example", "examples", "file",
    "files", "folder", "front", "ground", "heavy", "image", "images", "img", "imgs", "item",
    "items", "jpeg", "jpg", "kind", "kinds", "large", "left", "light", "major", "map", "maps",
    "micro", "minor", "new", "old", "only", "original", "other", "part", "parts", "pattern",
    "photo", "photos", "pic", "pics", "picture", "pictures", "pixel", "png", "private", "product",
    "products", "public", "real", "rgb", "right", "sample", "samples", "set", "side", "small",
    "source", "src", "surface", "the", "tif", "tiff", "top", "train", "training", "type", "types",
    "v", "val", "valid", "validation", "view", "with",
})
# fmt: on
MAPS = frozenset({"map", "maps", "normalmap", "normalmaps"})
TELLING = MEANINGLESS | KINDS_OF_DEFECTS | KINDS_OF_MASKS | DENIALS


def words_of(name: str) -> list[str]:
    """Split a name at signs, digits and changes of case; lower case.

    Examples
    --------
    >>> words_of("NODefect_images"), words_of("Class1-def 02")
    (['no', 'defect', 'images'], ['class', '1', 'def', '02'])
    """
    return [word.lower() for word in _WORD.findall(name)]


def meaning_of(name: str, *, beside_good: bool = False) -> Meaning:
    """Return what the pictures of a folder are by its name, empty if it does not say.

    Parameters
    ----------
    name : str
    beside_good : bool
        A folder beside it is called good: then a kind of defect is meant by its word alone.

    Examples
    --------
    >>> [meaning_of(name) for name in ("bad_parts", "not good", "def-free", "hole_saw", "gt_mask")]
    ['defects', 'defects', 'good', '', 'masks']
    """
    words = words_of(name)
    known = {*words, "".join(words)}
    if known & MAPS and "normal" in words:  # of the surface: no word of praise
        return ""
    denied = bool(DENIALS & known)
    told = all(word in TELLING or word.isdecimal() for word in words)
    if known & MASK_WORDS or (known & KINDS_OF_MASKS and (told or beside_good)):
        return "masks"
    if known & GOOD_WORDS:
        return "defects" if denied or known & BAD_WORDS else "good"
    if known & BAD_WORDS or (known & KINDS_OF_DEFECTS and (told or beside_good)):
        return "good" if denied else "defects"
    return ""


def is_good_name(name: str) -> bool:
    """Tell whether a folder is one of good photos by its name."""
    return name.lower() in GOOD_NAMES or meaning_of(name) == "good"


def telling_nothing(name: str) -> frozenset[str]:
    """Return the words of a name that say nothing of what its pictures are: of the product.

    Examples
    --------
    >>> sorted(telling_nothing("def_front_impeller 2"))
    ['impeller']
    """
    known = TELLING | GOOD_WORDS | BAD_WORDS | MASK_WORDS
    return frozenset(word for word in words_of(name) if word not in known and not word.isdecimal())

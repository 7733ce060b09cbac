"""What a folder's name says that its pictures are: good parts, defects, or masks."""

import re
from collections.abc import Sequence
from typing import Literal

from anomsynth.dataset.layouts.tree import GOOD_NAMES

Meaning = Literal["good", "defects", "masks", ""]

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_HASH = re.compile(r"\d[A-Za-z]")  # its letters are chance
LONGEST_VERDICT = 6  # words
# fmt: off
GOOD_WORDS = GOOD_NAMES | frozenset({
    "conform", "conforming", "faultless", "flawless", "gut", "gutteile", "healthy", "intact",
    "pass", "passed", "undamaged",
    # French, Spanish and Italian
    "bon", "bonne", "bonnes", "bons", "conforme", "conformes", "conformi", "buena", "buenas",
    "bueno", "buenos", "buona", "buone", "buoni", "buono",
    # Chinese and Japanese: passed, normal, good part, without fault
    "\u5408\u683c", "\u6b63\u5e38", "\u826f\u54c1", "\u65e0\u7455\u75b5",
})
DENIALS = frozenset({"no", "non", "not", "un", "without", "free", "zero"})
FILLERS = frozenset({"a", "all", "any", "of", "really", "so", "the", "very", "visible"})
# No product is called so: the word decides, whatever stands beside it.
BAD_WORDS = frozenset({
    "abnormal", "anomalies", "anomalous", "anomaly", "ausschuss", "bad", "damage", "damaged",
    "damages", "def", "defect", "defected", "defective", "defects", "defekt", "defekte", "fail",
    "failed", "failure", "failures", "fault", "faults", "faulty", "fehler", "fehlerhaft", "flaw",
    "flaws", "ko", "ng", "nio", "nogood", "nok", "nonconform", "nonconforming", "notgood", "notok",
    "outlier", "outliers", "reject", "rejected", "rejects", "schlecht", "schlechtteile",
    "unhealthy",
    # French, Spanish and Italian
    "d\u00e9faut", "d\u00e9fauts", "defecto", "defectuosa",
    "defectuosas", "defectuoso", "defectuosos", "difetti", "difetto", "difettosa", "difettose",
    "difettosi", "difettoso", "mala", "malas", "malo", "malos", "mauvais", "mauvaise",
    "mauvaises",
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
CODES = frozenset({"gt", "ko", "ng"})  # letters that products are numbered by, too
ROLES = frozenset({"test", "tests"})  # of a folder; of a single picture they say nothing
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
    normals = known & MAPS and "normal" in words  # of the surface: no word of praise
    if normals or (not beside_good and _is_code(words)):
        return ""
    told = all(word in TELLING or word.isdecimal() for word in words)
    if known & MASK_WORDS or (known & KINDS_OF_MASKS and (told or beside_good)):
        return "masks"
    standing, denied = _divided(words)
    if _condemned(standing, denied):
        return "defects"
    if standing & GOOD_WORDS or denied & BAD_WORDS:
        return "good"
    if not known & KINDS_OF_DEFECTS or not (told or beside_good):
        return ""
    return "defects" if standing & KINDS_OF_DEFECTS else "good"


def condemns(text: str) -> bool:
    """Tell whether a text says by words that mean nothing else that a part is bad.

    Examples
    --------
    >>> [condemns(text) for text in ("NG", "not ok", "no defects", "hole", "3bad4def")]
    [True, True, False, False, False]
    """
    if _HASH.search(text):
        return False
    words = words_of(text)
    return len(words) <= LONGEST_VERDICT and _condemned(*_divided(words))


def without_roles(name: str) -> str:
    """Return the words of a picture's name or of a value, all numbers the same, without ``test``.

    Examples
    --------
    >>> without_roles("Test_hole-17")
    'hole 0'
    """
    words = ("0" if word.isdecimal() else word for word in words_of(name))
    return " ".join(word for word in words if word not in ROLES)


def _divided(words: Sequence[str]) -> tuple[set[str], set[str]]:
    """Divide words into those that stand and those that a denial next to them takes back."""
    denied = set()
    for at, word in enumerate(words):
        if word == "free" and words[at + 1 : at + 2] != ["of"]:
            denied.add(at - 1)
        elif word in DENIALS:
            after = range(at + 1, len(words))
            denied.update([next((one for one in after if words[one] not in FILLERS), at)])
    standing = {word for at, word in enumerate(words) if at not in denied}
    return standing | {"".join(words)}, {words[at] for at in denied if at >= 0}


def _condemned(standing: set[str], denied: set[str]) -> bool:
    return bool(standing & BAD_WORDS or denied & GOOD_WORDS)


def _is_code(words: Sequence[str]) -> bool:
    """Tell whether a name may be a product's number, as ``KO-7781``: three digits or more."""
    return len(words) == 2 and words[0] in CODES and words[1].isdecimal() and len(words[1]) > 2


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

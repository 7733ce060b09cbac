"""The MVTec AD tree inside other formats: same splits, same folders."""

from anomsynth.dataset.exports._source import Loaded
from anomsynth.dataset.exports._staging import Staging
from anomsynth.dataset.layouts.mvtec import TRUTH


def place(loaded: Loaded, out: Staging, folder: str = "") -> tuple[str, str]:
    """Put image and mask into ``category/split/kind`` and ``category/ground_truth/kind``.

    Returns
    -------
    (str, str)
        Paths below `out`, that of the mask empty for a good photo.
    """
    labelled = loaded.picture.labelled
    stem = loaded.picture.name.rpartition("/")[2]
    start = f"{folder}{labelled.category}"
    image = f"{start}/{labelled.split}/{labelled.kind}/{stem}{loaded.picture.ending}"
    out.image(image, labelled.image)
    if labelled.good:
        return image, ""
    mask = f"{start}/{TRUTH}/{labelled.kind}/{stem}_mask.png"
    out.mask(mask, loaded.mask)
    return image, mask

"""Labelled images on disk, whoever made them: MVTec AD trees, or folders of images and masks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anomsynth.dataset.folders import nfc
from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.layout import GOOD, RESERVED
from anomsynth.errors import InputError

GOOD_NAMES = frozenset({GOOD, "ok", "normal"})  # MVTec AD, BTAD, others
MASK_ENDINGS = ("_mask", "_gt", "")
TRUTH = "ground_truth"
SPLITS = ("train", "test")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One image of a labelled dataset.

    Attributes
    ----------
    category, split, kind : str
        `split` is "train" or "test"; `kind` is the folder's name, "good" for good photos.
    image : Path
    mask : Path or None
        None for good photos, and where a defect has no mask file.
    """

    category: str
    split: str
    kind: str
    image: Path
    mask: Path | None

    @property
    def good(self) -> bool:
        """Whether this is a photo without defects."""
        return self.kind == GOOD

    @property
    def id(self) -> str:
        """Name that is unique in the dataset, e.g. ``bottle/test/crack/000012``."""
        return f"{self.category}/{self.split}/{self.kind}/{nfc(self.image.stem)}"


def find_labelled(root: Path) -> tuple[Labelled, ...]:
    """List the images of a dataset by category, split, kind and name, each with its mask.

    Understood are a root of category folders, one category folder (``train/good``,
    ``test/<kind>``, ``ground_truth/<kind>``; good photos may be called good, ok or normal), and a
    folder that holds ``images`` and ``masks`` (every image is taken for a defect of the kind
    "defect"). Hidden files and folders and `_anomsynth` are passed over.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or holds none of these layouts.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder", hint="check the path")
    try:
        if (root / "images").is_dir() and (root / "masks").is_dir():
            return find_pairs(root / "images", root / "masks")
        found = tuple(item for folder in find_categories(root) for item in _category(folder))
    except OSError as error:
        raise InputError(f"{root}: cannot be read: {error.strerror}") from error
    if not found:
        raise InputError(
            f"{root}: no labelled images found",
            hint="expected CATEGORY/test/KIND with CATEGORY/ground_truth/KIND, or images and masks",
        )
    return found


def find_pairs(images: Path, masks: Path) -> tuple[Labelled, ...]:
    """List a folder of defect images with the masks of the same stems in another folder.

    Raises
    ------
    InputError
        If one of the folders is missing, or `images` holds no picture.
    """
    for folder in (images, masks):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder", hint="check the path")
    index = _masks(masks)
    name = images.resolve().parent.name or "images"
    pairs = tuple(
        Labelled(name, "test", "defect", path, _mask_of(path, index)) for path in _pictures(images)
    )
    if not pairs:
        raise InputError(f"{images}: holds no picture", hint="PNG, JPEG, TIFF, BMP or WebP")
    return pairs


def find_categories(root: Path) -> tuple[Path, ...]:
    """List the category folders of a root, or the root itself if it is one; sorted.

    Raises
    ------
    OSError
        If a folder cannot be read.
    """
    if _is_category(root) and any(_category(root)):
        return (root,)
    return tuple(folder for folder in _folders(root) if _is_category(folder))


def _is_category(folder: Path) -> bool:
    return any((folder / split).is_dir() for split in SPLITS)


def _category(folder: Path) -> Iterator[Labelled]:
    name = nfc(folder.resolve().name)
    for split in SPLITS:
        if not (folder / split).is_dir():
            continue
        for kind in _folders(folder / split):
            if kind.name.lower() in GOOD_NAMES:
                for path in _pictures(kind):
                    yield Labelled(name, split, GOOD, path, None)
                continue
            truth = folder / TRUTH / kind.name
            index = _masks(truth) if truth.is_dir() else {}
            for path in _pictures(kind):
                yield Labelled(name, split, nfc(kind.name), path, _mask_of(path, index))


def _folders(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name != RESERVED
    )


def _pictures(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _masks(folder: Path) -> dict[str, Path]:
    return {nfc(path.stem): path for path in _pictures(folder)}


def _mask_of(image: Path, index: dict[str, Path]) -> Path | None:
    stem = nfc(image.stem)
    return next((index[stem + end] for end in MASK_ENDINGS if stem + end in index), None)

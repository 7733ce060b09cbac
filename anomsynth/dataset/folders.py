"""Which photos a source folder holds, by category, in an order no file system decides."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.labelled import DRAWN, PHOTOS, recognise
from anomsynth.dataset.layout import RESERVED, RGB, XYZ
from anomsynth.dataset.layouts.smell import check_goods
from anomsynth.dataset.layouts.tree import CLOUDS, GOOD_NAMES, child, scan_beside
from anomsynth.dataset.layouts.unread import check_unread
from anomsynth.dataset.paths import (
    check_name,
    exists,
    is_dir,
    is_passed_over,
    is_special,
    nfc,
    printable,
)
from anomsynth.dataset.photo_list import PhotoList
from anomsynth.dataset.source_image import SourceImage
from anomsynth.errors import InputError


@dataclass(frozen=True, slots=True)
class PhotoSource:
    """The photos of a source folder.

    Attributes
    ----------
    root : Path
    categories : dict of category name -> photos in order of their keys
    ignored : int
        Files and folders passed over: hidden, or no picture by their name's ending, or in folders
        below a folder of photos, or reached by a link a second time.
    example : str
        Path of one of them below `root`, a visible one if there is any; empty if there is none.
    """

    root: Path
    categories: Mapping[str, Sequence[SourceImage]]
    ignored: int
    example: str = ""

    @property
    def has_scans(self) -> bool:
        """Whether depth maps or point clouds are what is to be worked on."""
        return any(photo.scan for photos in self.categories.values() for photo in photos)


def find_source(
    root: Path,
    exclude: Collection[Path] = (),
    layout: str | None = None,
    *,
    scans: bool = False,
    depth: bool = False,
) -> PhotoSource:
    """List the good training photos of a folder, or the scans.

    Understood are, in this order: the layouts of `anomsynth.dataset.labelled`, of which test data,
    defects and masks are left alone; a folder of photos; and a folder of category folders with
    photos anywhere below each.

    Parameters
    ----------
    root : Path
        A folder of photos and the one category it makes carry the folder's name.
    exclude : folders that are no photos, e.g. of masks
    layout : str, optional
        One of `SourceLayout`, or "photos" for all good photos; recognised if not given.
    scans : bool
        Look for scans too: the ``xyz`` of MVTec 3D-AD beside its pictures, and files of clouds
        where there is no photo.
    depth : bool
        The pictures are depth maps.

    Raises
    ------
    InputError
        If the folder is missing or unreadable, holds no photos, names clash, something among
        the photos looks like defects or masks, or a picture has no scan where others have one.
    UserError
        If there is no layout of this name.

    Notes
    -----
    Signs of a photo's name that are no text are escaped in its key; see `check_name`.
    """
    if not exists(root):
        raise InputError(f"{root}: no such folder", hint="check the path")
    if not is_dir(root):
        raise InputError(f"{root}: not a folder", hint="give the folder that holds the photos")
    top = root.resolve()
    left_out = frozenset(path.resolve() for path in exclude)
    listing = _Listing(top, left_out)
    categories = listing.categories(layout)
    if not categories and scans:
        listing = _Listing(top, left_out, CLOUDS)
        categories = listing.categories(layout)
        depth = True
    if scans or depth:
        categories = _with_scans(categories, alone=depth)
        if scans and not depth:
            _check_pairs(categories)
    if not categories:
        endings = ", ".join(sorted(SUFFIXES))
        msg = f"{root}: no photos found ({len(listing.ignored)} other entries ignored)"
        raise InputError(msg, hint=f"photos end in {endings}")
    return PhotoSource(top, categories, len(listing.ignored), listing.example())


class _Listing:
    """One pass over a source folder, remembering what it leaves out."""

    def __init__(
        self, root: Path, exclude: Collection[Path], suffixes: Collection[str] = SUFFIXES
    ) -> None:
        self.root = root
        self.exclude = exclude
        self.suffixes = suffixes
        self.ignored: list[Path] = []

    def categories(self, layout: str | None) -> Mapping[str, Sequence[SourceImage]]:
        if layout != PHOTOS:
            goods = [folder for folder in (self.root, *self._folders()) if _good_folder(folder)]
            if layout in {None, "mvtec", "loco"} and goods and self._is_plain(goods):
                return self._of_mvtec(goods)
            found = self._recognised(layout)
            if found is not None:
                return found
        categories = self._folders()
        direct = self._images(self.root, deep=False)
        if direct:
            named = self._named([(self.root, direct)])
        else:
            self.ignored = [path for path in self.ignored if path not in frozenset(categories)]
            named = self._named([(path, self._images(path, deep=True)) for path in categories])
        if layout != PHOTOS:
            _check(self.root, named)
            check_unread(self.root, _paths(named), self.exclude)
        return named

    def _of_mvtec(self, goods: list[Path]) -> Mapping[str, Sequence[SourceImage]]:
        if goods[0] == self.root:
            goods = goods[:1]
        else:
            found = [path for path in self._entries(self.root) if is_dir(path)]
            self.ignored += [path for path in found if path not in goods]
        places = [(folder, place) for folder in goods if (place := _good_folder(folder))]
        named = self._named([(folder, self._images(place, deep=True)) for folder, place in places])
        for folder, place in places:
            used = {"": named.get(category_name(folder), ())}
            _check(place, used)
            check_unread(place, _paths(used), self.exclude)
        return named

    def _is_plain(self, goods: list[Path]) -> bool:
        """Tell whether good photos lie in ``train/good`` itself and their masks not beside them."""
        return not any(is_dir(place / "rgb") for folder in goods if (place := _good_folder(folder)))

    def _recognised(self, layout: str | None) -> Mapping[str, Sequence[SourceImage]] | None:
        """Return the good photos of a layout that has others than ``train/good``."""
        found = recognise(self.root, layout, self.exclude)
        if found is None:
            if layout is not None:
                msg = f"{self.root}: not laid out as {layout!r}"
                raise InputError(msg, hint="leave `source_layout` out, and see what is recognised")
            return None
        name, items = found
        categories: dict[str, dict[str, Path]] = {}
        for item in items:
            if item.good and item.split == "train":
                inside = item.image.relative_to(self.root)
                start = 1 if len(inside.parts) > 1 and inside.parts[0] == item.category else 0
                key = nfc(printable(Path(*inside.parts[start:]).as_posix()))
                categories.setdefault(item.category, {})[key] = item.image
            else:
                self.ignored.append(item.image)
        if not categories:
            msg = f"{self.root}: laid out as {name!r}, but without good photos for training"
            hint = (
                "lay some into a folder called good, or give the folder that holds them; "
                "`source_layout='photos'` takes every picture for a good one"
            )
            raise InputError(msg, hint=hint)
        found_goods = {
            category: tuple(SourceImage(key, paths[key]) for key in sorted(paths))
            for category, paths in sorted(categories.items())
        }
        if layout is None and name in DRAWN:
            _check(self.root, found_goods)
        return found_goods

    def _folders(self) -> list[Path]:
        found = [path for path in self._entries(self.root, count=False) if is_dir(path)]
        return sorted(found, key=lambda path: nfc(path.name))

    def example(self) -> str:
        """Return something that was left out, below the root."""
        if not self.ignored:
            return ""
        seen = (path for path in self.ignored if not path.name.startswith("."))
        return printable(next(seen, self.ignored[0]).relative_to(self.root).as_posix())

    def _named(
        self, found: list[tuple[Path, Sequence[SourceImage]]]
    ) -> Mapping[str, Sequence[SourceImage]]:
        named: dict[str, Sequence[SourceImage]] = {}
        for folder, images in found:
            if not images:
                self.ignored.append(folder)
                continue
            name = category_name(folder)
            if name in named:
                msg = f"{folder}: a second category of the name {name!r}"
                raise InputError(msg, hint="rename one of the folders")
            named[name] = images
        return named

    def _images(self, folder: Path, *, deep: bool) -> Sequence[SourceImage]:
        walk = _Walk(self.root, folder) if deep else None
        return PhotoList(folder, self._files(folder, walk))

    def _files(self, folder: Path, walk: "_Walk | None") -> Iterator[Path]:
        for path in self._entries(folder):
            if is_dir(path):
                if walk is not None and walk.is_new(path):
                    yield from self._files(path, walk)
                else:
                    self.ignored.append(path)
            elif path.suffix.lower() in self.suffixes and not is_special(path):
                yield path
            else:
                self.ignored.append(path)

    def _entries(self, folder: Path, *, count: bool = True) -> Iterator[Path]:
        try:
            names = sorted(path.name for path in folder.iterdir())  # they take less than paths
        except OSError as error:
            hint = "check the folder's permissions"
            raise InputError(f"{folder}: cannot be read: {error.strerror}", hint=hint) from error
        if count:
            self.ignored += [folder / name for name in names if is_passed_over(name)]
        paths = (folder / name for name in names if not is_passed_over(name))
        return (path for path in paths if path not in self.exclude)


def _with_scans(
    categories: Mapping[str, Sequence[SourceImage]], *, alone: bool
) -> Mapping[str, Sequence[SourceImage]]:
    """Return the pictures with their scans; those of ``rgb`` have them in ``xyz`` beside it.

    Parameters
    ----------
    categories : dict of category name -> photos
    alone : bool
        Pictures without a scan are scans themselves.
    """
    categories = _without_scans(categories)
    photos_of_all = (photo for photos in categories.values() for photo in photos)
    if not alone and not any(scan_beside(photo.path) for photo in photos_of_all):
        return dict(categories)
    found = {
        name: tuple(replace(photo, scan=scan_beside(photo.path)) for photo in photos)
        for name, photos in categories.items()
    }
    everything = [photo for photos in found.values() for photo in photos]
    missing = [photo for photo in everything if photo.scan is None]
    if alone and len(missing) == len(everything):
        return {
            name: tuple(replace(photo, scan=photo.path) for photo in photos)
            for name, photos in found.items()
        }
    if missing and len(missing) < len(everything):
        msg = f"{missing[0].path}: no scan of this name in {XYZ!r}, where other pictures have one"
        raise InputError(msg, hint="add it, or remove the picture")
    return found


def _without_scans(
    categories: Mapping[str, Sequence[SourceImage]],
) -> Mapping[str, Sequence[SourceImage]]:
    """Return the pictures without those that are scans of others: ``xyz`` beside ``rgb``."""

    def is_scan(photo: SourceImage) -> bool:
        folder = photo.path.parent
        return folder.name == XYZ and is_dir(folder.parent / RGB)

    if not any(is_scan(photo) for photos in categories.values() for photo in photos):
        return categories
    kept = {
        name: tuple(photo for photo in photos if not is_scan(photo))
        for name, photos in categories.items()
    }
    return {name: photos for name, photos in kept.items() if photos}


def _check_pairs(categories: Mapping[str, Sequence[SourceImage]]) -> None:
    """Raise InputError if of ``rgb`` and ``xyz`` one is there and the other is not, or is empty."""
    for photos in categories.values():
        photo = photos[0]
        folder = photo.path.parent
        if photo.scan is not None:
            continue
        if folder.name == RGB and is_dir(folder.parent / XYZ):
            msg = f"{folder.parent / XYZ}: holds no scan for the pictures in {RGB!r}"
            raise InputError(
                msg, hint="add them, or remove the folder: the pictures are photos then"
            )
        if folder.name == XYZ and photo.path.suffix.lower() in {".tif", ".tiff"}:
            msg = f"{folder}: scans without pictures, there is no {RGB!r} beside"
            hint = "add the pictures, or make it of scans alone: `depth_unit=1` if they are in mm"
            raise InputError(msg, hint=hint)


def _good_folder(category: Path) -> Path | None:
    """Return ``train/good`` of a category, however it is spelt, None if it has none."""
    train = child(category, "train")
    return None if train is None else child(train, *sorted(GOOD_NAMES))


def _check(root: Path, categories: Mapping[str, Sequence[SourceImage]]) -> None:
    check_goods(root, _paths(categories))


def _paths(categories: Mapping[str, Sequence[SourceImage]]) -> Iterator[Path]:
    return (photo.path for photos in categories.values() for photo in photos)


class _Walk:
    """Keeps links from leading into folders that are listed anyway, or were listed before.

    Parameters
    ----------
    root : Path
        The source folder.
    top : Path
        Where the walk begins; it may be a link itself.
    """

    def __init__(self, root: Path, top: Path) -> None:
        self._root = root
        self._top = top
        self._real_top = top.resolve()
        self._seen = {self._real_top}

    def is_new(self, folder: Path) -> bool:
        """Tell whether to go into a folder; from then on it is not new."""
        real = folder.resolve()
        by_link = real != self._real_top / folder.relative_to(self._top)
        inside = real.is_relative_to(self._root) or self._root.is_relative_to(real)
        if real in self._seen or (by_link and inside):
            return False
        self._seen.add(real)
        return True


def category_name(folder: Path) -> str:
    """Return the name of a category that is made of a folder.

    Raises
    ------
    InputError
        If the name cannot be a folder of the dataset.
    """
    name = nfc(folder.name) or "images"
    check_name(folder)
    if name == RESERVED:
        raise InputError(f"{folder}: the name {RESERVED!r} is taken", hint="rename the folder")
    return name

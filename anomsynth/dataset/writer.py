"""Puts one photo or one sample on disk and says what was written, as a line of the manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import quantise, to_levels
from anomsynth.core.depth import Depth
from anomsynth.core.photo import Photo
from anomsynth.core.pixels import bands
from anomsynth.core.sample import Sample
from anomsynth.core.types import Mask, Surface
from anomsynth.dataset.extras import (
    binary,
    write_extras,
    write_foreground,
    write_good_views,
    write_original,
    write_views,
)
from anomsynth.dataset.files import link_file, write_bytes
from anomsynth.dataset.images import LoadedPhoto, write_png
from anomsynth.dataset.layout import GOOD, GT, Layout, name_of
from anomsynth.dataset.manifest import Line, array_hash, pack_support
from anomsynth.errors import UserError
from anomsynth.relief.files import encode_scan, written_points


@dataclass(frozen=True, slots=True)
class SourcePhoto:
    """The photo that a line of the manifest is about.

    Attributes
    ----------
    category : str
    image : str
        Key of the photo in its category.
    file : str
        Its path below the source folder, as it is on disk.
    sha256 : str
        Of the decoded pixels; empty if they could not be decoded.
    file_sha256 : str
        Of the file's bytes; empty if unknown.
    scan : mapping or None
        The same of the scan that goes with it.
    views : mapping or None
        The same of the other photos of its part, by view.
    """

    category: str
    image: str
    file: str
    sha256: str = ""
    file_sha256: str = ""
    scan: Mapping[str, str] | None = None
    views: Mapping[str, Mapping[str, str]] | None = None

    def line(self, what: str, **more: object) -> Line:
        """Return a manifest line about this photo."""
        named = {"category": self.category, "image": self.image}
        source = {
            "file": self.file,
            "sha256": self.sha256,
            "file_sha256": self.file_sha256,
            **({} if self.scan is None else {"scan": dict(self.scan)}),
            **({} if self.views is None else {"views": dict(self.views)}),
        }
        return {"what": what, **named, "source": source, **more}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes into one dataset.

    Attributes
    ----------
    layout : Layout
    extras : names of `RunOptions.extras`
    kinds : every kind of the run, sorted
    link : {"copy", "hardlink"}
        How photos come in that are plain 8-bit PNG already.
    tree_depth : {8, 16}
        Bits of the tree's pictures where photos have 16; 16 keeps the camera's own levels.
    keep_names : bool
        File names go on with the photo's name after the number.
    out_layout : {"mvtec", "folder"}
        "folder" takes JPEG photos as they are.
    """

    layout: Layout
    extras: Sequence[str] = ()
    kinds: Sequence[str] = ()
    link: Literal["copy", "hardlink"] = "copy"
    tree_depth: Literal[8, 16] = 8
    keep_names: bool = False
    out_layout: Literal["mvtec", "folder"] = "mvtec"

    def normal(
        self,
        origin: SourcePhoto,
        place: tuple[str, int],
        loaded: LoadedPhoto,
        part: Mask,
        mask: str = "",
    ) -> Line:
        """Put a good photo into the tree.

        Parameters
        ----------
        origin : SourcePhoto
        place : (str, int)
            Split, "train" or "test", and number.
        loaded : LoadedPhoto
        part : (H, W) bool
            Where the part is on it.
        mask : {"outline", "within", ""}
            Whether a mask that was given follows the part's outline, recorded.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        layout = self.layout
        jpeg = loaded.plain_jpeg and self.out_layout == "folder"
        ending = ".jpg" if jpeg else ".png"
        path = layout.normal(origin.category, *place, self._name(origin), ending)
        extras = []
        if "foreground" in self.extras:
            name = f"{GOOD}/{layout.number(place[1])}"
            extras.append(write_foreground(layout, origin.category, name, part))
        extras += write_good_views(layout, path, loaded)
        picture = self._picture(loaded.photo.pixels, loaded.photo.depth)
        if not (loaded.plain or jpeg):
            write_png(path, picture, layout.scratch)
        else:
            link_file(loaded.path, path, layout.scratch, copy=self.link == "copy")
        files: dict[str, object] = {"image": layout.relative(path), "extras": extras}
        if loaded.scan is not None:
            scan = layout.scan(path, loaded.scan.path.suffix)
            link_file(loaded.scan.path, scan, layout.scratch, copy=self.link == "copy")
            files["scan"] = layout.relative(scan)
        return origin.line(
            "normal",
            split=place[0],
            number=place[1],
            part_share=round(np.count_nonzero(part) / part.size, 4),
            **({"roi": mask} if mask else {}),
            files=files,
            sha256={"image": array_hash(picture)},
        )

    def sample(self, origin: SourcePhoto, number: int, sample: Sample, surface: Surface) -> Line:
        """Put a sample into the tree, its extras beside it.

        The tree holds 8-bit grey or RGB unless `tree_depth` is 16, because loaders cut 16 bits off
        at white and drop alpha; a sample with more is kept whole among the extras, in
        ``original``, in the camera's own levels. Scores are those that the sample carries.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        layout, key = self.layout, sample.key
        name = self._name(origin)
        image = layout.image(key.category, sample.kinds, number, name)
        mask = layout.mask(key.category, sample.kinds, number, name)
        colour = without_alpha(sample.image)
        picture, label = self._picture(colour, surface.depth), binary(sample.mask)
        whole = camera_levels(sample.image, surface)
        extras = write_extras(layout, number, sample, self.extras, self.kinds)
        if picture.dtype != sample.image.dtype or picture.size != sample.image.size:
            extras.append(write_original(layout, key.category, number, whole))
        views = {name: camera_levels(one.image, surface) for name, one in sample.views.items()}
        extras += write_views(layout, image, views)
        if "foreground" in self.extras:
            part = layout.number(number)
            extras.append(write_foreground(layout, key.category, part, surface.foreground))
        write_png(mask, label, layout.scratch)
        write_png(image, picture, layout.scratch)
        scans, scan_hash = self._scan(origin, sample, image)
        picture_hash = array_hash(picture)
        whole_hash = picture_hash if picture is whole else array_hash(whole)
        return origin.line(
            "sample",
            id=f"{key.category}/{layout.number(number)}",
            number=number,
            index=key.index,
            files={
                "image": layout.relative(image),
                "mask": layout.relative(mask),
                "extras": sorted(extras),
                **scans,
            },
            sha256={
                "sample": whole_hash,
                "image": picture_hash,
                "mask": array_hash(label),
                **scan_hash,
                **{f"view {name}": array_hash(view) for name, view in views.items()},
            },
            mm_per_px=surface.mm_per_px,
            record=sample.record,
            supports=[pack_support(item) for item in sample.instances],
            scores=dict(sample.scores),
        )

    def _scan(
        self, origin: SourcePhoto, sample: Sample, image: Path
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Write a sample's scan beside its picture; return its files and hashes by role."""
        layout, scan = self.layout, sample.scan
        if scan is None or origin.scan is None:
            return {}, {}
        path = layout.scan(image, Path(origin.scan["file"]).suffix)
        write_bytes(path, encode_scan(scan), layout.scratch)
        files, hashes = {"scan": layout.relative(path)}, {"scan": array_hash(scan.points)}
        if scan.colours is not None:
            hashes["colours"] = array_hash(scan.colours)
        if sample.point_labels is not None:
            labels = image.parents[1] / GT / f"{image.stem}.txt"
            written = sample.point_labels[written_points(scan)]
            write_bytes(labels, as_lines(written), layout.scratch)
            files["labels"] = layout.relative(labels)
            hashes["labels"] = array_hash(written)
        return files, hashes

    def _name(self, origin: SourcePhoto) -> str:
        return name_of(origin.image) if self.keep_names else ""

    def _picture(self, pixels: NDArray[np.generic], depth: Depth | None) -> NDArray[np.generic]:
        """Return colour planes as the tree holds them."""
        if self.tree_depth == 8 or pixels.dtype != np.uint16:
            return layout_picture(pixels)
        flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
        return flat if depth is None else depth.narrow(flat)


def as_lines(labels: NDArray[np.uint8]) -> bytes:
    """Return labels below 10 as text, one a line in the order of a cloud's points."""
    lines = np.empty((len(labels), 2), dtype=np.uint8)
    lines[:, 0] = labels + ord("0")
    lines[:, 1] = ord("\n")
    return lines.tobytes()


def camera_levels(image: NDArray[np.generic], surface: Surface) -> NDArray[np.generic]:
    """Return a sample's picture, (H, W) or (H, W, C), in the levels of the camera; alpha stays."""
    if surface.depth is None:
        return image
    if surface.alpha is None:
        return surface.depth.narrow(image)
    return np.concatenate([surface.depth.narrow(image[..., :-1]), image[..., -1:]], axis=2)


def failed_line(origin: SourcePhoto, number: int, index: int, error: Exception) -> Line:
    """Return the manifest line of a sample that could not be made."""
    cause = {"cause": type(error).__name__, "message": str(error)}
    return origin.line("failed sample", number=number, index=index, **cause)


def unusable_line(origin: SourcePhoto, indices: range, error: Exception) -> Line:
    """Return the manifest line of a photo that could not be used and cost these samples."""
    cause = {"cause": type(error).__name__, "message": str(error), "hint": hint_of(error)}
    return origin.line("unusable photo", first=indices.start, samples=len(indices), **cause)


def hint_of(error: Exception) -> str:
    """Return what the user can do about an error, empty if it does not say."""
    return error.hint if isinstance(error, UserError) else ""


def without_alpha(image: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the colour planes of an (H, W) or (H, W, 1 to 4) picture."""
    if image.ndim == 3 and image.shape[2] in {2, 4}:
        colour = image[..., :-1]
        return np.ascontiguousarray(colour[..., 0] if colour.shape[2] == 1 else colour)
    return image


def layout_picture(pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return pixels as the tree holds them: 8 bits, 16-bit values over the full range."""
    flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    if flat.dtype != np.uint16:
        return flat
    shallow = np.empty(flat.shape, dtype=np.uint8)
    for rows in bands(*flat.shape[:2]):  # a large photo in float32 would take four times its size
        shallow[rows] = _eight_bits()[flat[rows]]
    return shallow


@cache
def _eight_bits() -> NDArray[np.generic]:
    """Return the 8-bit level of each 16-bit one."""
    return quantise(to_levels(np.arange(1 << 16, dtype=np.uint16)), np.dtype(np.uint8))


def photo_hash(photo: Photo) -> str:
    """Return the SHA-256 of a photo's decoded pixels, alpha included."""
    if photo.alpha is None:
        return array_hash(photo.pixels)
    return array_hash(np.concatenate([photo.pixels, photo.alpha[..., None]], axis=2))

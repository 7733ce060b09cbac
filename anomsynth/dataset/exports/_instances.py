"""The single defects of a label mask: by the manifest where there is one, else what touches."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from anomsynth.core.plain_file import read_text
from anomsynth.core.types import Box, Mask
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.manifest import Line, unpack_support
from anomsynth.dataset.verify import files_of
from anomsynth.errors import InputError, OutputError

Owner = NDArray[np.int32]  # (H, W): 0 = nobody's, else 1 + position of the instance


@dataclass(frozen=True, slots=True, eq=False)
class MaskInstance:
    """One defect of an image.

    Attributes
    ----------
    kind : str
    box : Box
        Tightest box around it.
    patch : bool array of box.shape
        Its pixels in the box.
    shape : (height, width)
        Of the image.
    """

    kind: str
    box: Box
    patch: Mask
    shape: tuple[int, int]

    @property
    def mask(self) -> Mask:
        """The whole mask, (H, W) bool."""
        mask = np.zeros(self.shape, dtype=bool)
        mask[self.box.slices] = self.patch
        return mask

    @property
    def offset(self) -> NDArray[np.int64]:
        """Where the box begins, (x, y) pixels."""
        return np.array([self.box.left, self.box.top], dtype=np.int64)

    @property
    def xywh(self) -> tuple[int, int, int, int]:
        """Box as COCO writes it: left, top, width, height."""
        height, width = self.box.shape
        return self.box.left, self.box.top, width, height

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.patch))


def split_mask(mask: Mask, kind: str, line: Line | None, root: Path) -> tuple[MaskInstance, ...]:
    """Divide a label mask into instances; each pixel belongs to exactly one.

    A sample of ours has its instance mask, or the supports in its manifest line; pixels of the
    label that are no instance's own, e.g. of its closed outline, go to the nearest one. Without a
    record, parts of the mask that do not touch are instances of `kind`.

    Parameters
    ----------
    mask : (H, W) bool
    kind : str
        The image's folder.
    line : its line of the manifest, None if it has none
    root : Path
        The dataset's.
    """
    kinds = recorded_kinds(line)
    if line is None or not kinds:
        return _parts(mask, kind)
    if len(kinds) == 1:
        return _named(kinds, mask.astype(np.int32))
    owner = _from_picture(mask, line, root)
    if owner is None:
        owner = _from_supports(mask, line)
    if owner is None or not owner.any() or int(owner.max()) > len(kinds):
        return _parts(mask, kind)
    return _named(kinds, _complete(owner, mask))


def recorded_kinds(line: Line | None) -> list[str]:
    """Return the kind of each instance of a manifest line."""
    record = line.get("record") if line is not None else None
    instances = record.get("instances") if isinstance(record, Mapping) else None
    if not isinstance(instances, list):
        return []
    return [str(item.get("kind")) for item in instances if isinstance(item, Mapping)]


def _named(kinds: Sequence[str], owner: Owner) -> tuple[MaskInstance, ...]:
    found = []
    for position, kind in enumerate(kinds, start=1):
        mask: Mask = np.equal(owner, position)
        box = Box.around(mask)
        if box is not None:
            found.append(MaskInstance(kind, box, mask[box.slices].copy(), mask.shape))
    return tuple(found)


def _parts(mask: Mask, kind: str) -> tuple[MaskInstance, ...]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    found = []
    for part in range(1, count):
        left, top, width, height = (int(side) for side in stats[part, :4])
        box = Box(top, left, top + height, left + width)
        found.append(MaskInstance(kind, box, np.equal(labels[box.slices], part), mask.shape))
    return tuple(found)


def _from_picture(mask: Mask, line: Line, root: Path) -> Owner | None:
    """Return the owners that an instance mask among the extras names."""
    extras = [Path(name) for name in files_of(line).get("extras", ())]
    for name in extras:
        if name.parent.name != "instance" or name.suffix != ".png":
            continue
        try:
            legend = json.loads(read_text((root / name).with_suffix(".json")))
            pixels = read_photo(root / name).pixels[..., 0]
        except (InputError, OSError, ValueError):
            return None
        kinds = recorded_kinds(line)
        if list(legend.values()) != kinds or pixels.shape != mask.shape:
            return None
        return np.where(mask, pixels, 0).astype(np.int32)
    return None


def _from_supports(mask: Mask, line: Line) -> Owner | None:
    """Return the owners by where each instance was allowed to change pixels.

    Where several were, the one with the smallest support is likeliest: it would be lost otherwise.
    """
    packed = line.get("supports")
    if not isinstance(packed, list) or len(packed) != len(recorded_kinds(line)):
        return None
    try:
        supports = [unpack_support(item) for item in packed]
    except (OutputError, TypeError, AttributeError):
        return None
    order = sorted(range(len(supports)), key=lambda index: -np.count_nonzero(supports[index][1]))
    owner = np.zeros(mask.shape, dtype=np.int32)
    for index in order:
        box, support = supports[index]
        if owner[box.slices].shape != support.shape:
            return None
        np.copyto(owner[box.slices], index + 1, where=support & mask[box.slices])
    return owner


def _complete(owner: Owner, mask: Mask) -> Owner:
    """Give every pixel of the mask the owner of the nearest one that has one."""
    box = Box.around(mask)
    if box is None or not np.any(mask & (owner == 0)):
        return owner
    here = owner[box.slices]
    indices = distance_transform_edt(here == 0, return_distances=False, return_indices=True)
    done = np.zeros_like(owner)
    done[box.slices] = np.where(mask[box.slices], here[tuple(indices)], 0)
    return done

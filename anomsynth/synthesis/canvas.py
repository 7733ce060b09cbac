"""The picture and its masks while defects are added to it one after another."""

import math
from dataclasses import replace
from typing import cast

import cv2
import numpy as np

from anomsynth.core.color import quantise
from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.pixels import bands, blocks, put_rows, sparse_zeros
from anomsynth.core.sample import Instance, Sample, ViewImage
from anomsynth.core.types import Box, Float32, Mask, Pixels, SampleKey, Surface
from anomsynth.errors import RejectedError
from anomsynth.recipe.models import Gates
from anomsynth.synthesis.label import closing_radius, outline, strict_mask, visible_change
from anomsynth.synthesis.scanned import Relief, ScannedSurface
from anomsynth.synthesis.transmission import measured_at
from anomsynth.synthesis.views import ViewedSurface
from anomsynth.synthesis.visibility import JUST_VISIBLE, visibility

MOST_OVERLAP = 0.3  # share of a defect that may lie on earlier ones, and of them under it
SOFT_FULL = 4 * JUST_VISIBLE  # change that counts as 1 in the soft mask


class Canvas:
    """A copy of the photo that collects defects, and the truth about them.

    Only pixels whose change is visible are ever written: the strict mask is exactly the set of
    pixels in which the result differs from the photo.

    Parameters
    ----------
    surface : Surface
    rounding : random stream, optional
        With it defects may be too faint to be seen: every change is written, levels of 8 bits are
        rounded up or down at random, so that a change of half a level is one in the mean, and
        what nothing shows is outlined by its support.

    Attributes
    ----------
    relief : Relief or None
        What the defects do to the points of a scanned surface: there a change of them counts as
        much as one of colour.
    others : dict of view name -> Canvas
        The other views of a part: one mask for all, of what is visible in any of them.
    """

    def __init__(self, surface: Surface, rounding: np.random.Generator | None = None) -> None:
        self.surface = surface
        self._rounding = rounding
        self.pixels: Pixels = surface.pixels.copy()
        shape = surface.shape
        self._strict = sparse_zeros(shape, np.bool_)
        self._label = sparse_zeros(shape, np.bool_)
        self._owner = sparse_zeros(shape, np.uint16)
        self._soft = sparse_zeros(shape, np.float32)
        self._height = sparse_zeros(shape, np.float32)
        self.relief = Relief(surface) if isinstance(surface, ScannedSurface) else None
        views = surface.others if isinstance(surface, ViewedSurface) else ()
        self.others = {other.name: Canvas(other.surface, rounding) for other in views}
        self._proposed: dict[str, tuple[Pixels, Float32]] = {}
        self._overlapped = False
        self.instances: list[Instance] = []

    def check_free(self, least_share: float) -> None:
        """Raise RejectedError if `check_room` would refuse all that cover this share of the part.

        It spares drawing what is large anyway: a share of what is allowed, 0 if nothing is known.
        """
        if not self.instances or least_share == 0:
            return
        allowed = self.surface.allowed
        least = math.floor(least_share * np.count_nonzero(allowed))
        free = np.count_nonzero(allowed & (self._owner == 0))
        if free < (1 - MOST_OVERLAP) * least:
            raise RejectedError("the defect would lie on an earlier one")

    def check_room(self, support: Mask, box: Box) -> None:
        """Raise RejectedError if the defect would lie too much on earlier ones."""
        if not self.instances:
            return
        shared = self._owner[box.slices][support]
        common = int(np.count_nonzero(shared))
        if common == 0:
            return
        covered = np.bincount(shared, minlength=len(self.instances) + 1)[1:]
        hides = any(
            count > MOST_OVERLAP * item.area_px
            for count, item in zip(covered, self.instances, strict=True)
        )
        if hides or common > MOST_OVERLAP * int(np.count_nonzero(support)):
            raise RejectedError("the defect would lie on an earlier one")

    def propose(self, name: str, change: Change, levels: Float32) -> None:
        """Show another view's canvas what the next commit is there.

        Parameters
        ----------
        name : str
            Of the view.
        change : Change
            On the box of the one that will be committed.
        levels : (n, C) float32
            As for `commit`.
        """
        other = self.others[name]
        patch, seen = other._quantised_patch(change, levels)  # noqa: SLF001 - of this class
        self._proposed[name] = patch, _spread(seen, change)

    def commit(
        self, change: Change, levels: Float32, *, target: float, normal_sd: float, gates: Gates
    ) -> None:
        """Write the visible pixels of a change, or raise RejectedError if there are too few.

        Parameters
        ----------
        change : Change
        levels : (n, C) float32
            Encoded grey levels, 0..255, of the pixels `change.index`.
        target : float
            Visibility asked for, recorded.
        normal_sd : float
            Local standard deviation of the normal surface, lightness units.
        gates : Gates
        """
        layer, here = change.layer, change.box.slices
        patch, seen = self._quantised_patch(change, levels)
        difference = _spread(seen, change)
        support = layer.support
        for _, elsewhere in self._proposed.values():
            difference = np.maximum(difference, elsewhere)
            support = support | (elsewhere > 0)  # a shadow falls where each light throws it
        if self.relief is not None:
            difference = np.maximum(difference, self.relief.seen(layer, change.gain))
        visible = strict_mask(difference, support)
        strict = visible if self._rounding is None else difference > 0
        kept = strict.ravel().take(change.index)
        area = int(np.count_nonzero(strict))
        if area < gates.min_pixels and self._rounding is None:
            raise RejectedError(f"{layer.kind}: only {area} pixels change visibly")
        reached = visibility(seen[kept], normal_sd)
        measured = measured_at(layer, change.gain)
        if self.relief is not None:
            points = self.relief.points_in(strict, here)
            if points < gates.min_pixels:
                raise RejectedError(f"{layer.kind}: only {points} points were measured where it is")
            relief = self.relief.measured(layer, change.gain, strict)
            reached = max(reached, self.relief.strength(relief))
            target = reached  # as deep as drawn: nothing else was asked for
            measured = {**measured, **relief}
            self.relief.add(layer, change.gain, here)
        if self.instances and np.any(self._strict[here] & strict):
            self._overlapped = True
        self._write(here, patch, strict, difference)
        for name, (shown, _) in self._proposed.items():
            cv2.copyTo(shown, strict.view(np.uint8), self.others[name].pixels[here])
        self._raise(layer, change.gain, here)
        radius = closing_radius(support, strict)
        room = self.surface.room(overhang=layer.overhang)
        outlined = visible if visible.any() else support
        self._label[here] |= outline(outlined, radius, room[here])
        support_box = Box.around(support) or Box(0, 0, 0, 0)
        self.instances.append(
            Instance(
                kind=layer.kind,
                box=_placed(Box.around(strict), change.box),
                support_box=_placed(support_box, change.box),
                support=support[support_box.slices].copy(),
                target=target,
                visibility=reached,
                gain=change.gain,
                area_px=area,
                closing_px=radius,
                parameters=layer.parameters,
                measured=measured,
                residuals=change.residuals,
            )
        )

    def _quantised_patch(self, change: Change, levels: Float32) -> tuple[Pixels, Float32]:
        """Return a changed box of pixels, and how visible that is at the pixels of its index."""
        patch = self.pixels[change.box.slices].copy()
        flat = patch.reshape(-1, patch.shape[2])
        seen = np.empty(change.index.size, dtype=np.float32)
        for part in blocks(seen.size):
            index = change.index[part]
            proposed = self._quantised(levels[part])
            seen[part] = visible_change(flat.take(index, axis=0), proposed, self.surface.encoding)
            put_rows(flat, index, proposed)
        return patch, seen

    def _quantised(self, levels: Float32) -> Pixels:
        if self._rounding is not None and self.pixels.dtype == np.uint8:
            # Short of a half: what did not change stays what it was.
            shift = self._rounding.uniform(-0.49, 0.49, levels.shape)
            levels = levels + shift.astype(np.float32)
        depth = self.surface.depth
        if depth is not None:  # no level that the camera cannot give
            return depth.quantise(levels)
        return cast("Pixels", quantise(levels, self.pixels.dtype))

    def _write(
        self, here: tuple[slice, slice], patch: Pixels, strict: Mask, difference: Float32
    ) -> None:
        """Write pixels where the strict mask is set, and what is known of them.

        By bands of rows, whose arrays stay in the processor's cache.
        """
        pixels, seen = self.pixels[here], self._strict[here]
        owner, soft = self._owner[here], self._soft[here]
        number = np.uint16(len(self.instances) + 1)
        for rows in bands(*strict.shape):
            shown = strict[rows].view(np.uint8)
            cv2.copyTo(patch[rows], shown, pixels[rows])  # twenty times NumPy's speed
            seen[rows] |= strict[rows]
            # The newest has the highest number, and this is many times faster than a masked copy.
            np.maximum(owner[rows], shown * number, out=owner[rows])
            share = difference[rows] * np.float32(1 / SOFT_FULL)
            np.minimum(share, 1, out=share)
            share *= strict[rows]
            np.maximum(soft[rows], share, out=soft[rows])

    def _raise(self, layer: DefectLayer, gain: float, here: tuple[slice, slice]) -> None:
        """Take in the relief of a defect, or how much more of the part rays pass through."""
        if layer.height is not None:
            self._height[here] += layer.height * np.float32(gain)
        elif layer.chord is not None:
            self._height[here] -= layer.chord * np.float32(gain)

    def sample(self, key: SampleKey, seed: int) -> Sample:
        """Return the finished sample."""
        if self._overlapped:
            self._settle()
        kinds = tuple(sorted({item.kind for item in self.instances}))
        numbers = np.array([0, *(1 + kinds.index(i.kind) for i in self.instances)], np.uint8)
        classes = sparse_zeros(self._owner.shape, np.uint8)
        for item in self.instances:
            here = item.box.slices
            several = len(kinds) > 1
            classes[here] = numbers.take(self._owner[here]) if several else self._strict[here]
        return Sample(
            image=self.surface.assemble(self.pixels),
            mask=self._label,
            strict=self._strict,
            soft=self._soft,
            class_index=classes,
            instance_index=self._owner,
            height_mm=self._height,
            kinds=kinds,
            instances=tuple(self.instances),
            key=key,
            seed=seed,
            mm_per_px=self.surface.mm_per_px,
            views={
                name: ViewImage(other.surface.assemble(other.pixels), other.surface.light)
                for name, other in self.others.items()
            },
        )

    def _settle(self) -> None:
        """Measure the truth again where defects overlap: one may have undone another."""
        box = Box.around(self._strict)
        if box is None:
            return
        here = box.slices
        strict = self._strict[here]
        changed = np.nonzero(strict)
        difference = np.zeros(strict.shape, dtype=np.float32)
        for canvas in (self, *self.others.values()):
            photo, pixels = canvas.surface.pixels[here][changed], canvas.pixels[here][changed]
            unlike = visible_change(photo, pixels, canvas.surface.encoding)
            difference[changed] = np.maximum(difference[changed], unlike)
        if self.relief is not None:
            difference = np.maximum(difference, self.relief.seen_at(here))
        kept = strict_mask(difference, strict)
        lost = strict & ~kept
        for canvas in (self, *self.others.values()):
            cv2.copyTo(canvas.surface.pixels[here], lost.view(np.uint8), canvas.pixels[here])
        np.copyto(self._owner[here], 0, where=lost)
        np.copyto(self._soft[here], 0, where=lost)
        areas = np.bincount(self._owner[here][changed], minlength=len(self.instances) + 1)[1:]
        self._strict[here] = kept
        self.instances = [
            replace(item, area_px=int(area))
            for item, area in zip(self.instances, areas, strict=True)
        ]


def _spread(seen: Float32, change: Change) -> Float32:
    """Return values at the pixels of a change's index on its box, 0 elsewhere."""
    difference = np.zeros(change.layer.support.shape, dtype=np.float32)
    difference.ravel()[change.index] = seen
    return difference


def _placed(box: Box | None, frame: Box) -> Box:
    """Return a box given relative to `frame` in image coordinates."""
    if box is None:
        return Box(frame.top, frame.left, frame.top, frame.left)
    return Box(
        box.top + frame.top, box.left + frame.left, box.bottom + frame.top, box.right + frame.left
    )

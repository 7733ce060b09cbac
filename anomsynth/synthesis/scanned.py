"""Surfaces whose points were measured: heights are real there, and so is what a sensor sees.

With depth data a defect is as deep as it was drawn: nothing is solved for how visible it is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode
from anomsynth.core.layer import DefectLayer
from anomsynth.core.photo import as_photo
from anomsynth.core.pixels import sparse_zeros
from anomsynth.core.sample import Sample
from anomsynth.core.types import Float32, Mask, Scale, Surface
from anomsynth.errors import InputError, RecipeError, RejectedError
from anomsynth.recipe.models import Material, Recipe
from anomsynth.relief.change import Displaced, SurfaceChange
from anomsynth.relief.chart import flat_cells
from anomsynth.relief.files import written_points
from anomsynth.relief.mapped import MappedScan, ScannedPhoto
from anomsynth.relief.scan import Scan
from anomsynth.relief.sensor import Sensor
from anomsynth.relief.shading import AMBIENT, LAMP
from anomsynth.relief.tinted import retinted
from anomsynth.surface.analyze import analyze
from anomsynth.synthesis.visibility import JUST_VISIBLE, TOUCHING

DETECTED = 3.0  # standard deviations of the sensor's noise at which a single point stands out
ROUNDING = math.sqrt(12)  # a step over the standard deviation that rounding to it has
FINEST_MM = 1e-4  # what a sensor without any noise resolves
MISSING = 4 * JUST_VISIBLE  # nothing is seen more clearly than what is not there
OPEN = 0.5  # share of a pixel from which an opening is one to the sensor
MATT = Material(specular=0.0, ambient=AMBIENT)  # as `relief.shading` lights it


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ScannedSurface(Surface):
    """A surface that was measured in three dimensions.

    Attributes
    ----------
    mapped : MappedScan
        Its points; rows and columns are those of `pixels`.
    shaded : bool
        True if `pixels` were shaded from the points: they show no colour.
    sensor : Sensor
        What was measured of the sensor on the good part.
    """

    mapped: MappedScan = field(kw_only=True)
    shaded: bool = field(default=False, kw_only=True)
    sensor: Sensor = field(default_factory=Sensor, kw_only=True)

    def raised_with(self, sample: Sample) -> Float32:
        """Return how near the part of a sample is to the sensor, (H, W) float32, mm; for pictures.

        NaN where nothing was measured. Of a plain cloud it is the map with the heights as drawn.
        """
        if self.mapped.chart is None and sample.scan is not None:
            return sample.scan.raised()
        return np.asarray(self.mapped.raised + sample.height_mm, dtype=np.float32)


def surface_of_scan(
    seen: ScannedPhoto,
    recipe: Recipe | None,
    *,
    roi: Mask | None = None,
    avoid: Mask | None = None,
) -> ScannedSurface:
    """Analyse a scan and its picture.

    The part is where points are nearer than the ground, or `roi`; the size of a pixel is that of
    the data, whatever the recipe says.

    Parameters
    ----------
    seen : ScannedPhoto
    recipe : Recipe or None
        Says how the picture encodes light, and whether the part fills it; without one it is sRGB,
        and the part is looked for.
    roi, avoid : (H, W) bool, optional

    Raises
    ------
    InputError
        If nothing of the part was measured, or as `analyze`.
    """
    mapped, shaded = seen.mapped, seen.shaded
    surface = analyze(
        seen.photo,
        scale=Scale(mm_per_px=mapped.mm_per_px),
        encoding="srgb" if shaded or recipe is None else recipe.encoding,
        roi=part_of_scan(mapped, recipe, roi),
        avoid=avoid,
    )
    known = {item.name: getattr(surface, item.name) for item in fields(Surface) if item.init}
    if shaded:
        known["light"] = LAMP
    sensor = mapped.sensor(surface.foreground)
    return ScannedSurface(**known, mapped=mapped, shaded=shaded, sensor=sensor)


def part_of_scan(mapped: MappedScan, recipe: Recipe | None, roi: Mask | None = None) -> Mask:
    """Return where the part is on the map of a scan, (H, W) bool.

    Single points that the sensor dropped belong to it: no defect may move them, as they have no
    place, but the part has no hole there.

    Raises
    ------
    InputError
        If the map and `roi` differ in size, or nothing was measured where it marks the part.
    """
    measured: Mask = np.isfinite(mapped.raised)
    if roi is not None:
        if roi.shape != measured.shape:
            sizes = [" x ".join(map(str, mask.shape)) for mask in (roi, measured)]
            msg = f"roi of {sizes[0]} pixels does not fit a scan of {sizes[1]}"
            raise InputError(msg, hint="a mask needs one value for each point of its scan")
        part = roi & without_gaps(measured)
    elif recipe is not None and recipe.part == "picture":
        part = without_gaps(measured)
    else:
        part = without_gaps(mapped.part)
    if not part.any():
        raise InputError("nothing was measured of the part", hint="mark another place by `roi`")
    return part


def without_gaps(mask: Mask) -> Mask:
    """Return a mask without the gaps of single points in it."""
    closed = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(closed > 0)


def recipe_for_scan(recipe: Recipe, *, shaded: bool) -> Recipe:
    """Return a recipe as it is used on a scan: as deep as drawn; without colour, if it shows none.

    Raises
    ------
    RecipeError
        If none of its kinds changes the relief, and there is nothing else to see.
    """
    severity = recipe.severity.model_copy(update={"physical": True})
    changes: dict[str, object] = {"severity": severity}
    if shaded:
        kept = tuple(item for item in recipe.mechanisms if item.generator.has_relief)
        if not kept:
            kinds = ", ".join(colour_only(recipe))
            msg = f"{kinds}: only colour the part, and there is nothing but depth"
            raise RecipeError(msg, hint="choose kinds with relief, such as scratch or pitting")
        changes |= {"mechanisms": kept, "material": MATT, "refiners": (), "encoding": "srgb"}
    return recipe.model_copy(update=changes)


def colour_only(recipe: Recipe) -> tuple[str, ...]:
    """Return the kinds of a recipe that are passed over where depth is all there is, sorted."""
    kinds = {item.generator.kind for item in recipe.mechanisms if not item.generator.has_relief}
    return tuple(sorted(kinds))


def relief_only(layer: DefectLayer) -> DefectLayer:
    """Return what of a layer a depth sensor sees: its height, and where it is open, as black.

    Raises
    ------
    RejectedError
        If it is neither raised nor open anywhere.
    """
    raised = layer.height is not None and bool(layer.height.any())
    if not (raised or layer.void):
        raise RejectedError(f"{layer.kind}: this one has no relief")
    present: dict[str, Float32] = {}
    if raised and layer.height is not None:
        present["height"] = layer.height
    if layer.void and layer.coverage is not None:
        present["coverage"] = layer.coverage
        present["exposed"] = np.zeros((*layer.support.shape, 1), dtype=np.float32)
    return layer.with_fields(present, layer.support, layer.origin)


class Relief:
    """What the defects of a sample do to the points of its part, all together.

    Parameters
    ----------
    surface : ScannedSurface
    """

    def __init__(self, surface: ScannedSurface) -> None:
        self._surface = surface
        noise = max(surface.sensor.noise_mm, surface.sensor.quantum_mm / ROUNDING, FINEST_MM)
        self._noise_mm = noise
        self._unit = np.float32(JUST_VISIBLE / (DETECTED * noise))
        self._height = sparse_zeros(surface.shape, np.float32)
        self._void = sparse_zeros(surface.shape, np.float32)
        self._owner = sparse_zeros(surface.shape, np.uint16)
        self._count = 0

    def seen(self, layer: DefectLayer, gain: float) -> Float32:
        """Return how far a defect stands out of the sensor's noise, in units of just visible."""
        found = np.zeros(layer.support.shape, dtype=np.float32)
        if layer.height is not None:
            found = np.abs(layer.height) * (np.float32(gain) * self._unit)
        if layer.void and layer.coverage is not None:
            found[layer.coverage >= OPEN] = MISSING
        return found

    @staticmethod
    def strength(measured: Mapping[str, float]) -> float:
        """Return how strong a defect is to the sensor: rms height over its noise, or that of gaps.

        Parameters
        ----------
        measured : by name
            What `measured` returned of it.
        """
        gap = MISSING * DETECTED / JUST_VISIBLE if measured["open_px"] else 0.0
        return max(measured["over_noise"], gap)

    def points_in(self, strict: Mask, here: tuple[slice, slice]) -> int:
        """Return how many points were measured on the good part where a defect shows."""
        return int(self._surface.mapped.counts[here][strict].sum())

    def add(self, layer: DefectLayer, gain: float, here: tuple[slice, slice]) -> None:
        """Take a defect that stays."""
        self._count += 1
        height = None if layer.height is None else layer.height * np.float32(gain)
        moves = np.zeros(layer.support.shape, dtype=np.bool_)
        if height is not None:
            moves |= height != 0
            self._height[here] += height
        if layer.void and layer.coverage is not None:
            moves |= layer.coverage > 0
            self._void[here] = np.maximum(self._void[here], layer.coverage)
        self._owner[here][moves & layer.support] = self._count

    def seen_at(self, here: tuple[slice, slice]) -> Float32:
        """Return how far what is there now stands out, as `seen`."""
        found = np.abs(self._height[here]) * self._unit
        found[self._void[here] >= OPEN] = MISSING
        return found

    def measured(self, layer: DefectLayer, gain: float, strict: Mask) -> dict[str, float]:
        """Return the size of a defect's relief: what a table or a report tells of it.

        Parameters
        ----------
        layer : DefectLayer
        gain : float
        strict : (h, w) bool
            Where the defect shows.

        Returns
        -------
        dict
            ``lowest_mm`` and ``highest_mm`` of its height, ``open_px`` where it is open, and
            ``over_noise``, its rms height where it shows over the sensor's noise.
        """
        height = np.zeros(layer.support.shape, np.float32) if layer.height is None else layer.height
        inside = height[strict & (height != 0)] * np.float32(gain)
        rms = float(np.sqrt(np.mean(np.square(inside, dtype=np.float64)))) if inside.size else 0.0
        void = layer.coverage is not None and layer.void
        gone = np.count_nonzero(layer.coverage >= OPEN) if void else 0  # type: ignore[operator]
        return {
            "lowest_mm": min(float(inside.min(initial=0)), 0.0),
            "highest_mm": max(float(inside.max(initial=0)), 0.0),
            "open_px": float(gone),
            "over_noise": rms / self._noise_mm,
        }

    def scanned(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return a sample with the scan that the sensor makes of the part with its defects.

        Points that the sensor loses by a defect belong to it, whether their pixels changed or not.
        Points of a plain cloud have labels of their own: there a defect is laid on the surface.
        """
        mapped = self._surface.mapped
        change = SurfaceChange(
            height=self._height,
            support=self._owner > 0,
            void=self._void if self._void.any() else None,
            behind=mapped.behind,
            owner=self._owner,
        )
        moved = mapped.displaced(change, self._surface.sensor, rng)
        written = written_points(moved.scan)
        points = {
            "moved": int(moved.measured["moved_points"]),
            "lost": int(moved.measured["lost_points"]),
            "left_out": int(np.count_nonzero(mapped.scan.valid & ~written)),
        }
        scan = self._tinted(moved.scan, sample)
        sample = replace(sample, points=points, depth_alone=self._surface.shaded, scan=scan)
        if mapped.chart is not None:
            return replace(sample, point_labels=self._point_labels(moved, sample))
        more = moved.lost & ~sample.strict
        if not more.any():
            return sample
        owners = moved.labels * more
        kinds = [0, *(1 + sample.kinds.index(item.kind) for item in sample.instances)]
        return replace(
            sample,
            strict=sample.strict | more,
            mask=sample.mask | more,
            soft=np.where(more, np.float32(1), sample.soft),
            instance_index=np.where(more, owners, sample.instance_index),
            class_index=np.where(more, np.array(kinds, np.uint8)[owners], sample.class_index),
        )

    def _tinted(self, scan: Scan, sample: Sample) -> Scan:
        """Return a scan whose points, if they have colours, have those of the sample's picture."""
        surface = self._surface
        if scan.colours is None or surface.shaded:
            return scan
        channels = surface.channels
        after = as_photo(sample.image).pixels[..., :channels]
        before, encoding = surface.pixels, surface.encoding
        step = decode(np.ascontiguousarray(after), encoding) - decode(before, encoding)
        return scan.with_colours(retinted(scan.colours, step, surface.mapped.chart))

    def _point_labels(self, moved: Displaced, sample: Sample) -> NDArray[np.uint8]:
        """Return which points of a cloud belong to a defect, (N,) uint8: 1, others 0.

        They moved by what the sensor notices beside points that it surely does, or are lost, or
        lie at the edge of a gap that lost ones leave, or have another colour.
        """
        step = moved.scan.points - self._surface.mapped.scan.points
        away = np.sqrt((step * step).sum(axis=1))
        noticed = away >= TOUCHING * DETECTED * self._noise_mm
        belongs = moved.mask & (noticed | moved.lost)
        if moved.beside is not None:
            belongs |= moved.beside
        chart = self._surface.mapped.chart
        if chart is not None and not self._surface.shaded:
            index = np.flatnonzero(chart.visible)
            belongs[index] |= sample.strict.ravel()[flat_cells(chart.places[index], chart.shape)]
        return np.asarray(belongs, dtype=np.uint8)

"""How large a pixel is."""

from dataclasses import dataclass

from anomsynth.core.types import Box, Mask


@dataclass(frozen=True, slots=True)
class Scale:
    """Physical size; the first that is given, in this order, decides.

    Attributes
    ----------
    mm_per_px : float or None
        Millimeters per pixel.
    field_mm : float or None
        Width of the field of view (the longer side of the picture).
    object_mm : float or None
        Longer side of the box around the part.
    """

    mm_per_px: float | None = None
    field_mm: float | None = None
    object_mm: float | None = None

    def of(self, foreground: Mask) -> float:
        """Return millimeters per pixel for a picture with this (H, W) foreground."""
        if self.mm_per_px is not None:
            return self.mm_per_px
        if self.field_mm is not None:
            return self.field_mm / max(foreground.shape)
        box = Box.around(foreground) or Box(0, 0, *foreground.shape)
        return (self.object_mm or 100.0) / max(box.shape)

"""Shape: length over width, and how ragged, bent and uneven in width the outline is."""

import math

import cv2
import numpy as np

from anomsynth.fitting.defect import Defect


def measure_shape(defect: Defect) -> dict[str, float]:
    """Return elongation, slenderness, solidity, roughness and unevenness of a defect's core.

    Elongation is the log of length over width of the tightest box, slenderness that over the width
    of the strokes: a bent scratch is slender, not elongated. Solidity is the area over that of the
    convex hull, roughness the log of the outline over a disc's, unevenness the log of the largest
    depth over the mean depth.
    """
    length, width, _ = defect.axes
    contours, _ = cv2.findContours(
        np.ascontiguousarray(defect.core).view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    points = np.concatenate(contours)
    hull = cv2.convexHull(points)
    outline = sum(max(cv2.arcLength(contour, closed=True), 4.0) for contour in contours)
    spread = cv2.contourArea(hull) + cv2.arcLength(hull, closed=True) / 2 + 1  # of whole pixels
    return {
        "elongation": math.log(length / width),
        "slenderness": math.log(max(length / defect.thickness, 0.2)),
        "solidity": min(defect.area / spread, 1.0),
        "roughness": math.log(outline / math.sqrt(4 * math.pi * defect.area)),
        "unevenness": math.log(float(defect.depth.max()) / float(np.mean(defect.depth))),
    }

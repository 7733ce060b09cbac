"""The page of an evaluation: numbers, and heat maps beside the photos; one file, no network."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.bisqad.evaluation.category import Evaluation
from anomsynth.bisqad.evaluation.metrics import ALL, MACRO, METRICS
from anomsynth.bisqad.evaluation.pixels import enlarged
from anomsynth.bisqad.evaluation.predictions import LabelledPrediction
from anomsynth.core.display import to_rgb8
from anomsynth.core.types import Float32
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layout import GOOD

SIDE = 224  # pixels of the longer side of a picture
PER_KIND = 8  # images shown of each kind
QUALITY = 85  # of the JPEG pictures
TITLES = {
    "image_auroc": "image AUROC",
    "image_ap": "image AP",
    "image_f1": "image F1",
    "pixel_auroc": "pixel AUROC",
    "pixel_ap": "pixel AP",
    "pixel_f1": "pixel F1",
    "aupro": "AUPRO",
}
OUTLINE = (0, 255, 255)  # cyan: no colour of the heat map
Rgb = NDArray[np.uint8]

STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .25rem .8rem; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
small { opacity: .7; white-space: nowrap; }
.grid { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; } figure img { display: inline-block; vertical-align: top; }
figcaption { font-size: .85rem; overflow-wrap: anywhere; max-width: 30rem; }
.scale { height: .8rem; width: 20rem; max-width: 100%; }
"""


@dataclass(frozen=True, slots=True)
class HeatScale:
    """The range of logits that the colours stand for.

    Attributes
    ----------
    low, high : float
        Logits of the darkest and of the brightest colour.
    """

    low: float
    high: float

    def colour(self, values: Float32) -> Rgb:
        """Return a map in colours, (H, W, 3) uint8 RGB."""
        share = (values - self.low) / (self.high - self.low)
        steps = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
        return _rgb(cv2.applyColorMap(steps, cv2.COLORMAP_INFERNO))


def evaluation_page(
    evaluation: Evaluation, predictions: Sequence[LabelledPrediction], title: str
) -> str:
    """Return the HTML page of one category.

    Pictures are inside the page. Of each kind some images are shown, spread evenly from the
    lowest to the highest score, so misses stand first; of the good ones those with the highest
    scores, the false alarms.

    Raises
    ------
    InputError
        If a photo that was read before cannot be read now.
    """
    heat = heat_range(predictions)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        _facts(evaluation),
        _table(evaluation),
        "<h2>Heat maps</h2>",
        _legend(heat),
    ]
    kinds = [kind for kind in evaluation.values if kind not in {ALL, MACRO}]
    for kind in [*kinds, GOOD]:
        members = [item for item in predictions if item.labelled.kind == kind]
        shown = choose(members, highest=kind == GOOD)
        parts.append(f"<h3>{escape(kind)} <small>{len(shown)} of {len(members)}</small></h3>")
        parts.append('<div class="grid">')
        parts.extend(_figure(item, heat) for item in shown)
        parts.append("</div>")
    parts.append("</body></html>")
    return "\n".join(parts) + "\n"


def heat_range(predictions: Sequence[LabelledPrediction]) -> HeatScale:
    """Return a range from the middle of good images to nearly the highest logit of all."""
    good = [item.prediction.map.ravel() for item in predictions if item.labelled.good]
    low = float(np.median(np.concatenate(good)))
    high = float(np.quantile([item.prediction.map.max() for item in predictions], 0.9))
    return HeatScale(low, max(high, low + 1e-3))


def choose(members: Sequence[LabelledPrediction], *, highest: bool) -> list[LabelledPrediction]:
    """Choose at most `PER_KIND` images: the highest scores, or all along from the lowest."""
    ranked = sorted(members, key=lambda item: (item.prediction.score, item.labelled.id))
    if highest:
        return ranked[::-1][:PER_KIND]
    places = np.unique(np.linspace(0, len(ranked) - 1, min(PER_KIND, len(ranked))).round())
    return [ranked[int(place)] for place in places]


def pictures(item: LabelledPrediction, heat: HeatScale) -> tuple[Rgb, Rgb]:
    """Return photo with outlined truth, and photo under its heat map, (h, w, 3) uint8 RGB."""
    photo = read_photo(item.labelled.image).pixels
    scale = min(SIDE / max(photo.shape[:2]), 1.0)
    size = [max(round(side * scale), 1) for side in photo.shape[:2]]
    small = cv2.resize(photo, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    plain = to_rgb8(small)
    hot = heat.colour(enlarged(item.prediction.map, (size[0], size[1]))).astype(np.float32)
    grey = plain.astype(np.float32).mean(axis=2, keepdims=True)
    under = np.rint(np.clip(0.35 * grey + 0.75 * hot, 0, 255)).astype(np.uint8)
    if item.truth is not None and item.truth.any():
        inside = cv2.resize(
            item.truth.astype(np.uint8), (size[1], size[0]), interpolation=cv2.INTER_NEAREST
        )
        lines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(plain, lines, -1, OUTLINE, 1)
    return plain, under


def _facts(evaluation: Evaluation) -> str:
    count = sum(evaluation.images.values())
    by_kind = ", ".join(f"{number} {escape(kind)}" for kind, number in evaluation.images.items())
    lines = [f"{count} images: {by_kind}."]
    if evaluation.unlocated:
        lines.append(
            f"{evaluation.unlocated} defects have no marked pixel and count as images only."
        )
    if evaluation.intervals:
        what = "physical objects" if evaluation.grouped else "images"
        lines.append(f"In brackets: 95 % interval, {evaluation.resamples} resamples of {what}.")
    if not evaluation.grouped and evaluation.intervals:
        lines.append("Several photos of one part would make them too narrow (see groups.csv).")
    return f"<p>{' '.join(lines)}</p>"


def _table(evaluation: Evaluation) -> str:
    heads = "".join(f'<th scope="col">{TITLES[name]}</th>' for name in METRICS)
    rows = [f'<tr><th scope="col">percent</th>{heads}</tr>']
    for subset, row in evaluation.values.items():
        cells = "".join(f"<td>{_cell(evaluation, subset, name)}</td>" for name in row)
        label = {ALL: "all defects", MACRO: "mean of the kinds"}.get(subset, subset)
        rows.append(f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>')
    return f"<table>{''.join(rows)}</table>"


def _cell(evaluation: Evaluation, subset: str, name: str) -> str:
    value = evaluation.values[subset][name]
    if np.isnan(value):
        return "-"
    if not evaluation.intervals:
        return f"{100 * value:.1f}"
    low, high = evaluation.intervals[subset][name]
    return f"{100 * value:.1f} <small>[{100 * low:.1f}, {100 * high:.1f}]</small>"


def _legend(heat: HeatScale) -> str:
    ramp = np.linspace(heat.low, heat.high, 256, dtype=np.float32)[None]
    return (
        f'<p><img class="scale" alt="colour scale" src="{_source(heat.colour(ramp))}"><br>'
        f"log-odds of a defect from {heat.low:.1f} (dark) to {heat.high:.1f} (bright), the same "
        "for all. Left the photo with the marked defect outlined, right the map over it. Each kind "
        "from its lowest score to its highest; good images: the highest scores.</p>"
    )


def _figure(item: LabelledPrediction, heat: HeatScale) -> str:
    plain, hot = pictures(item, heat)
    name = escape(item.labelled.image.name)
    return (
        f'<figure><img loading="lazy" alt="{name}" src="{_source(plain)}"> '
        f'<img loading="lazy" alt="heat map of {name}" src="{_source(hot)}">'
        f"<figcaption>{name}: score {item.prediction.score:.2f}</figcaption></figure>"
    )


def _source(picture: Rgb) -> str:
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise ValueError(f"a picture of {picture.shape} is not possible in JPEG")
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"


def _rgb(picture: NDArray[np.generic]) -> Rgb:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.uint8)  # type: ignore[arg-type]  # 8 bits

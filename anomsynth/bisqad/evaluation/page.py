"""The page of an evaluation: numbers, and heat maps over the photos; one file, no network."""

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

import numpy as np

from anomsynth.bisqad.evaluation.category import Evaluation
from anomsynth.bisqad.evaluation.metrics import ALL, MACRO, METRICS
from anomsynth.bisqad.evaluation.overlay import HeatScale, heated
from anomsynth.bisqad.evaluation.predictions import LabelledPrediction
from anomsynth.core.counted import counted
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layout import GOOD
from anomsynth.pages.page import HISTOGRAMS, Card, Gallery, Section, build, gallery_section
from anomsynth.pages.thumbnails import data_uri, make_thumbnail

SIDE = 320  # pixels of the longer side of a picture
PER_KIND = 24  # images shown of each kind
TITLES = {
    "image_auroc": "image AUROC",
    "image_ap": "image AP",
    "image_f1": "image F1",
    "pixel_auroc": "pixel AUROC",
    "pixel_ap": "pixel AP",
    "pixel_f1": "pixel F1",
    "aupro": "AUPRO",
}


def evaluation_page(
    evaluation: Evaluation,
    predictions: Sequence[LabelledPrediction],
    title: str,
    *,
    seen: str | None = None,
    references: Mapping[str, Evaluation] | None = None,
) -> str:
    """Return the HTML page of one category.

    Pictures are inside the page. Of each kind some images are shown, spread evenly from the
    lowest to the highest score; of the good ones those with the highest scores, the false alarms.
    What is taken for the other class most clearly stands first. `seen` says what the detector
    knows of the dataset from its training. Models of the normal that were measured on the same
    images, `references` by kind, are set beside it in a table.

    Raises
    ------
    InputError
        If a photo that was read before cannot be read now.
    """
    heat = heat_range(predictions)
    middle = _middle(predictions)
    kinds = [kind for kind in evaluation.values if kind not in {ALL, MACRO}]
    shown: list[LabelledPrediction] = []
    for kind in [*kinds, GOOD]:
        members = [item for item in predictions if item.labelled.kind == kind]
        shown += choose(members, highest=kind == GOOD)
    scores = [item.prediction.score for item in shown]
    span = (float(np.floor(min(scores))), float(np.floor(max(scores)) + 1))
    cards = [_card(item, heat, middle) for item in shown]
    gallery = Gallery(cards, ("kind",), worst="high", span=span)
    warning = f'<p class="bad">{escape(seen)}</p>' if seen else ""
    numbers = f'<div class="counts">{_table(evaluation)}</div>'
    if references:
        numbers += f'<div class="counts">{_beside(evaluation, references)}</div>'
    sections = [
        Section("Numbers", warning + _facts(evaluation) + numbers),
        Section("Scores", HISTOGRAMS, folded=True),
        gallery_section("Heat maps", gallery, _legend(heat, len(shown), len(predictions))),
    ]
    count = sum(evaluation.images.values())
    return build(
        title,
        f"{counted(count, 'test image')}, {counted(len(kinds), 'kind')} of defects",
        sections,
        gallery,
    )


def heat_range(predictions: Sequence[LabelledPrediction]) -> HeatScale:
    """Return a range from the middle of good images to nearly the highest score of all."""
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


def _middle(predictions: Sequence[LabelledPrediction]) -> float:
    """Return a score between those of typical good images and of typical defects."""
    sides = [
        np.median([item.prediction.score for item in predictions if item.labelled.good == good])
        for good in (True, False)
    ]
    return float(np.mean(sides))


def _card(item: LabelledPrediction, heat: HeatScale, middle: float) -> Card:
    photo = read_photo(item.labelled.image).pixels
    score = item.prediction.score
    over = partial(heated, values=item.prediction.map, scale=heat)
    return Card(
        path=f"{item.labelled.kind}/{item.labelled.image.name}",
        score=score,
        facets={"kind": item.labelled.kind},
        thumbnail=make_thumbnail(photo, item.truth, SIDE, over),
        rank=score - middle if item.labelled.good else middle - score,
    )


def _facts(evaluation: Evaluation) -> str:
    count = sum(evaluation.images.values())
    by_kind = ", ".join(f"{number} {escape(kind)}" for kind, number in evaluation.images.items())
    lines = [f"{counted(count, 'image')}: {by_kind}."]
    if evaluation.unlocated:
        lines.append(
            f"{counted(evaluation.unlocated, 'defect')} without a marked pixel, for images only."
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


def _beside(evaluation: Evaluation, references: Mapping[str, Evaluation]) -> str:
    """Return a table of the detector and of models of the normal, for all defects."""
    heads = "".join(f'<th scope="col">{TITLES[name]}</th>' for name in METRICS)
    rows = [f'<tr><th scope="col">all defects, percent</th>{heads}</tr>']
    for label, one in {"this detector": evaluation, **references}.items():
        cells = "".join(f"<td>{_cell(one, ALL, name)}</td>" for name in METRICS)
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


def _legend(heat: HeatScale, shown: int, count: int) -> str:
    ramp = np.linspace(heat.low, heat.high, 256, dtype=np.float32)[None]
    return (
        f'<p><img class="scale" alt="colour scale" src="{data_uri(heat.colour(ramp))}">'
        f"Heat: score of each place from {heat.low:.1f} (clear) to {heat.high:.1f} (bright), the "
        "same for all; outlined: the marked defects. Worst first: missed defects and false "
        f"alarms. {shown} of {counted(count, 'image')}: of each kind some along its scores, of the"
        " good ones the highest.</p>"
    )

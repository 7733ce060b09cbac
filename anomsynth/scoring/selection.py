"""Keep the good samples of a labelled dataset: choose by score, write a new MVTec AD tree."""

import itertools
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from anomsynth.core.on_demand import OnDemand
from anomsynth.core.pixels import marked
from anomsynth.core.whole import output_error
from anomsynth.dataset.csv_text import csv_pieces
from anomsynth.dataset.extras import binary
from anomsynth.dataset.files import link_file, make_folder, whole_folder, write_pieces
from anomsynth.dataset.headers import image_size, is_turned
from anomsynth.dataset.images import load_photo, write_png
from anomsynth.dataset.layout import GOOD, Layout, digits_for
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.paths import exists, is_dir
from anomsynth.errors import InputError, OutputError
from anomsynth.relief.files import read_scan

REJECTED = "rejected.csv"
KEPT = "kept.csv"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A defect image that may be kept.

    Attributes
    ----------
    item : Labelled
    score : float or None
        None if it could not be scored.
    reason : str
        Why the score is low or missing; in the end, why it is not kept.
    """

    item: Labelled
    score: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is kept and what is not, both in the order of the dataset, and by which rule."""

    kept: Sequence[Candidate]
    rejected: Sequence[Candidate]
    rule: str


def select(
    candidates: Sequence[Candidate], *, min_score: float = 0.0, keep_top: float = 1.0
) -> Selection:
    """Choose by score.

    Parameters
    ----------
    candidates : in the order of the dataset
    min_score : float in [0, 1]
        Samples below are rejected.
    keep_top : float in (0, 1]
        Share of each kind that is kept, the best, rounded up; of equal scores the first.
    """
    scores = array("d", [math.nan]) * len(candidates)
    groups: dict[tuple[str, str], array[int]] = {}
    for at, one in enumerate(candidates):
        if one.score is not None:
            scores[at] = one.score
            groups.setdefault((one.item.category, one.item.kind), array("Q")).append(at)
    chosen = np.zeros(len(candidates), dtype=bool)
    rooms: dict[tuple[str, str], int] = {}
    for name, members in groups.items():
        places = np.frombuffer(members, dtype=np.uint64)
        rated = np.frombuffer(scores)[places]
        rooms[name] = math.ceil(keep_top * len(members) - 1e-9)
        best = np.argsort(-rated, kind="stable")[: rooms[name]]
        chosen[places[best]] = rated[best] >= min_score

    def rejected(at: int) -> Candidate:
        one = candidates[at]
        if one.score is None:
            return one
        why = f": {one.reason}" if one.reason else ""
        if one.score < min_score:
            return replace(one, reason=f"score {one.score:.3f} is below {min_score:g}{why}")
        name = one.item.category, one.item.kind
        among = f"not among the best {rooms[name]} of {len(groups[name])} of {name[1]}"
        return replace(one, reason=f"{among}{why}")

    kept, others = (array("Q", np.flatnonzero(chosen == want).tobytes()) for want in (True, False))
    return Selection(
        OnDemand(kept, candidates.__getitem__),
        OnDemand(others, rejected),
        _rule(min_score, keep_top),
    )


def _rule(min_score: float, keep_top: float) -> str:
    """Say what is kept, in words."""
    rules = []
    if keep_top < 1:
        rules.append(f"of each kind the best {100 * keep_top:.4g} %, rounded up")
    if min_score > 0:
        rules.append(f"a score of {min_score:g} or more")
    return ", and ".join(rules) or "all that could be scored"


def check_target(out: Path, sources: Iterable[Path]) -> None:
    """Raise OutputError unless `out` can be a new dataset beside the sources."""
    if exists(out) and (not is_dir(out) or any(out.iterdir())):
        hint = "choose a new folder; nothing is ever overwritten"
        raise OutputError(f"{out}: not an empty folder", hint=hint)
    target = out.resolve()
    for source in sources:
        if target.is_relative_to(source.resolve()):
            msg = f"{out}: lies inside the dataset {source}"
            raise OutputError(msg, hint="choose a folder outside of it")


def check_readable(goods: Iterable[Labelled]) -> None:
    """Read good photos with their scans and other views: files go along unread later.

    Raises
    ------
    InputError
        If one is damaged.
    """
    for good in goods:
        load_photo(good.image)
        _check_beside(good)


def _check_beside(item: Labelled) -> None:
    for view in item.views.values():
        load_photo(view)
    if item.scan is not None:
        read_scan(item.scan, unit=1.0, mm_per_px=1.0)  # how large a level or a pixel is: no matter


def write_selection(
    out: Path, selection: Selection, goods: Sequence[Labelled], *, copy: bool = True
) -> None:
    """Write the kept samples with all good photos as an MVTec AD tree, whole or not at all.

    Every picture becomes a PNG under a number of fixed width, as loaders of that tree want; PNG
    files go along as they are, others are converted, masks become exactly 0 and 255. Numbers start
    at 0 in every folder. Scans go along, in the tree of MVTec 3D-AD, and other views.
    ``_anomsynth/kept.csv`` says which file came from where, and ``_anomsynth/rejected.csv`` why
    others did not.

    Parameters
    ----------
    out : Path
        New or empty folder.
    selection : Selection
    goods : good photos of the dataset, which `check_readable` has read
    copy : bool
        Copy files; otherwise hard-link them where the disk can.

    Raises
    ------
    InputError
        If a picture cannot be read any more.
    OutputError
        If something cannot be written.
    """
    for one in selection.kept:  # the scores have read their pictures and masks
        _check_beside(one.item)
    with whole_folder(out.resolve()) as folder:
        _write(folder, selection, goods, copy=copy)


def _write(out: Path, selection: Selection, goods: Sequence[Labelled], *, copy: bool) -> None:
    first = next(itertools.chain(goods, (one.item for one in selection.kept)), None)
    scanned = first is not None and first.scan is not None
    digits = digits_for(len(goods) + len(selection.kept))
    layout = Layout(out, digits, "3d" if scanned else "mvtec")
    make_folder(layout.scratch)
    everything = itertools.chain(
        ((good, None) for good in goods), ((one.item, one.score) for one in selection.kept)
    )
    # Pictures are placed as the rows of the table are asked for.
    _write_table(layout, KEPT, ("image", "source", "score"), _placed(layout, everything, copy=copy))
    losers = (
        (
            str(one.item.image),
            one.item.category,
            one.item.kind,
            "" if one.score is None else f"{one.score:.6g}",
            one.reason,
        )
        for one in selection.rejected
    )
    _write_table(layout, REJECTED, ("image", "category", "kind", "score", "reason"), losers)
    try:
        layout.scratch.rmdir()
    except OSError as error:
        raise output_error(layout.scratch, error) from error


def _placed(
    layout: Layout, everything: Iterable[tuple[Labelled, float | None]], *, copy: bool
) -> Iterator[tuple[str, str, str]]:
    """Place each picture with its mask and yield its row: where it is, where from, its score."""
    counts: dict[tuple[str, str, str], int] = {}
    for item, score in everything:
        # Defects of a training split join those of the test split, where loaders look for them.
        split = item.split if item.good else "test"
        folder = (item.category, split, item.kind)
        number = counts.get(folder, 0)
        counts[folder] = number + 1
        target = _target(layout, item, number)
        _place_picture(item.image, target, layout.scratch, copy=copy)
        if item.kind != GOOD and item.mask is not None:
            _place_mask(item, layout.mask(item.category, (item.kind,), number), layout, copy=copy)
        scan = item.scan
        if scan is not None:
            link_file(scan, layout.scan(target, scan.suffix), layout.scratch, copy=copy)
        for name, view in item.views.items():
            link_file(view, layout.view(target, name), layout.scratch, copy=copy)
        yield layout.relative(target), str(item.image), "" if score is None else f"{score:.6g}"


def _target(layout: Layout, item: Labelled, number: int) -> Path:
    if item.kind == GOOD:
        return layout.normal(item.category, item.split, number)
    return layout.image(item.category, (item.kind,), number)


def _place_picture(source: Path, target: Path, scratch: Path, *, copy: bool) -> None:
    is_png = source.suffix.lower() == ".png" and image_size(source) is not None
    if is_png and not is_turned(source):
        link_file(source, target, scratch, copy=copy)
        return
    write_png(target, load_photo(source).photo.pixels, scratch)


def _place_mask(item: Labelled, target: Path, layout: Layout, *, copy: bool) -> None:
    if item.truth is not None:
        size = load_photo(item.image).photo.pixels.shape
        write_png(target, binary(item.truth.read((size[0], size[1]))), layout.scratch)
        return
    source = cast("Path", item.mask)
    loaded = load_photo(source)
    pixels = loaded.photo.pixels
    top = int(pixels.max())
    two_values = bool(np.all((pixels == 0) | (pixels == top)))
    if loaded.plain and pixels.shape[2] == 1 and top == 255 and two_values:
        link_file(source, target, layout.scratch, copy=copy)
        return
    if not two_values:
        raise InputError(f"{source}: not a binary mask", hint="save it as PNG with 0 and 255 only")
    write_png(target, binary(marked(pixels)), layout.scratch)


def _write_table(
    layout: Layout, name: str, heading: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    pieces = csv_pieces(itertools.chain([heading], rows))
    write_pieces(layout.metadata / name, pieces, layout.scratch)

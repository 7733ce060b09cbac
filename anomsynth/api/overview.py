"""The sheet beside a dataset: where its parts were found, and samples of every kind."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import Rgb
from anomsynth.core.photo import Photo
from anomsynth.core.types import Float32, Mask
from anomsynth.dataset.images import read_mask, read_photo
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line, read_manifest
from anomsynth.dataset.metadata import read_run
from anomsynth.dataset.paths import is_file
from anomsynth.dataset.reading import PhotoReader
from anomsynth.errors import InputError
from anomsynth.pipeline.depths import read_depths, read_reading
from anomsynth.pipeline.parts import read_finders
from anomsynth.pipeline.places import SOURCE, find_again
from anomsynth.pipeline.replay import scan_reading
from anomsynth.relief.chart import chart_of, charted
from anomsynth.relief.files import read_scan
from anomsynth.relief.scan import Scan
from anomsynth.sheets.parts import part_tile, tiled
from anomsynth.sheets.sheet import (
    GAP,
    MOST_VIEWS,
    PAPER,
    SheetRow,
    contact_sheet,
    in_few_words,
    legend,
    write_sheet,
)
from anomsynth.surface.analyze import one_channel
from anomsynth.surface.foreground import PartFinder, find_foreground

ROWS = 12  # samples on the sheet
PARTS = 3  # photos on which the part is outlined
LEAST_LEGEND = 240  # pixels of width
TILE = 224  # pixels of a picture's longer side


def write_overview(out: Path) -> Path | None:
    """Write ``_anomsynth/sheet.png``: photos with the part outlined, then some samples.

    As many categories as go are on it, of each the kinds of defects in turn. It is read from the
    files of the dataset; photos that are gone are left out.

    Parameters
    ----------
    out : path
        Folder of a finished dataset.

    Returns
    -------
    path or None
        None if nothing can be shown.

    Raises
    ------
    OutputError
        If the record cannot be read or the sheet not written.
    """
    layout = Layout(out.resolve())
    record = read_run(layout)
    source = find_again(record, SOURCE, record.get(SOURCE), layout.root)
    if source is None:
        return None
    finders, depths, reading = read_finders(record), read_depths(record), read_reading(record)
    categories = record.get("categories")
    names = [str(name) for name in categories] if isinstance(categories, dict | list) else []
    lines = [varied(_samples(layout, name), ROWS) for name in names[:ROWS]]
    in_turn = (line for line in chain.from_iterable(zip_longest(*lines)) if line is not None)
    rows: list[SheetRow] = []
    tiles: list[Rgb] = []
    named: list[str] = []
    for line in islice(in_turn, ROWS):
        category = str(line["category"])
        read = PhotoReader(reading, depths.get(category))
        photo, row = _row(layout, source, line, read)
        if photo is None:
            continue
        finder = finders.get(category)
        name = str(line["image"])
        if finder is not None and len(tiles) < PARTS and name not in named:
            named.append(name)
            tiles.append(_tile(photo, finder, name))
        rows += [] if row is None else [row]
    if not rows:
        return None
    sheet = contact_sheet(rows, tile_px=TILE, across=1 if len(rows) < ROWS // 2 else 2)
    sheet = np.vstack([_head(tiles, sheet.shape[1]), sheet])
    path = layout.metadata / "sheet.png"
    write_sheet(path, sheet)
    return path


def varied(samples: Iterable[Line], most: int) -> list[Line]:
    """Return some samples: first those that show a kind of defect for the first time."""
    seen: set[str] = set()
    fresh: list[Line] = []
    rest: list[Line] = []
    for line in samples:
        kinds = {str(kind) for kind in _kinds(line)}
        if len(fresh) < most and not kinds <= seen:
            fresh.append(line)
            seen |= kinds
        elif len(rest) < most:
            rest.append(line)
    return [*fresh, *rest][:most]


def _samples(layout: Layout, category: str) -> Iterator[Line]:
    path = layout.manifest(category)
    if path.exists():
        yield from (line for line in read_manifest(path) if line.get("what") == "sample")


def _kinds(line: Line) -> Sequence[object]:
    record = line.get("record")
    kinds = record.get("kinds") if isinstance(record, dict) else None
    return kinds if isinstance(kinds, list) else ()


def _row(
    layout: Layout, source: Path, line: Line, read: PhotoReader
) -> tuple[Photo | None, SheetRow | None]:
    """Return the photo of a sample and its row, None for what is gone."""
    files, origin = line.get("files"), line.get("source")
    if not isinstance(files, dict) or not isinstance(origin, dict):
        return None, None
    try:
        photo = _photo(layout, source, line, read)
        image = read_photo(layout.root / str(files["image"]))
        height, width = image.pixels.shape[:2]
        mask = read_mask(layout.root / str(files["mask"]), (height, width))
        views = _views(layout, line)
    except InputError:
        return None, None
    pixels: NDArray[np.generic] = photo.pixels
    if pixels.shape[:2] != (height, width):  # made smaller by the run
        pixels = cv2.resize(photo.pixels, (width, height), interpolation=cv2.INTER_AREA)
    # The strict mask is no file of every dataset; two outlines would be too much to read, too.
    row = SheetRow(pixels, image.pixels, (None, mask), mask, _caption(line, mask), views=views)
    raised = _raised(layout, source, line)
    if raised is not None and raised.shape == mask.shape:
        row = replace(row, raised=raised, mm_per_px=float(str(line["mm_per_px"])))
    return photo, row


def _caption(line: Line, mask: Mask) -> str:
    """Return the file of a sample, its photo, and the defects with strength and size."""
    files, record = line["files"], line.get("record")
    file = Path(str(files["image"])) if isinstance(files, dict) else Path()
    instances = record.get("instances") if isinstance(record, dict) else None
    defects = [
        (str(one["kind"]), float(one["visibility"]))
        for one in (instances if isinstance(instances, list) else ())
    ]
    return f"{file.stem} of {line['image']}: {in_few_words(defects, int(np.count_nonzero(mask)))}"


def _head(tiles: Sequence[Rgb], width: int) -> Rgb:
    """Return what stands above the samples: where the part was found, and the legend beside."""
    if not tiles:
        return legend(width, strict=False)
    parts = tiled(tiles, PARTS)[:, :width]
    left = parts.shape[1] + GAP
    beside = legend(max(width - left, LEAST_LEGEND), allowed=True, strict=False, stacked=True)
    head = np.full((max(len(parts), len(beside)), width, 3), PAPER, np.uint8)
    head[: len(parts), : parts.shape[1]] = parts
    head[: len(beside), left:] = beside[:, : width - left]
    return head


def _photo(layout: Layout, source: Path, line: Line, read: PhotoReader) -> Photo:
    """Return the photo of a sample; of a scan without one, what was shaded of it."""
    origin = line["source"]
    scan = origin.get("scan") if isinstance(origin, dict) else None
    file = origin["file"] if isinstance(origin, dict) else ""
    if not isinstance(scan, dict) or scan["file"] != file:
        return read(source / str(file))
    for other in read_manifest(layout.manifest(str(line["category"]))):
        files = other.get("files")
        same = other.get("what") == "normal" and other.get("image") == line["image"]
        if same and isinstance(files, dict):
            return read_photo(layout.root / str(files["image"]))
    raise InputError(f"{file}: its picture is not in the dataset")


def _views(layout: Layout, line: Line) -> dict[str, NDArray[np.generic]]:
    """Return what other views show of a sample."""
    files, origin = line["files"], line["source"]
    views = origin.get("views") if isinstance(origin, dict) else None
    if not isinstance(views, dict) or not isinstance(files, dict):
        return {}
    image = layout.root / str(files["image"])
    return {name: read_photo(layout.view(image, name)).pixels for name in list(views)[:MOST_VIEWS]}


def _raised(layout: Layout, source: Path, line: Line) -> Float32 | None:
    """Return how near a sample is to the sensor, (H, W), mm; None of photos.

    A plain cloud is drawn on the map of the good one.
    """
    files, origin = line.get("files"), line.get("source")
    scan = files.get("scan") if isinstance(files, dict) else None
    if scan is None:
        return None
    said = scan_reading(read_run(layout))
    pitch = float(str(line["mm_per_px"]))

    def read(path: Path) -> Scan:
        return read_scan(path, said.unit, mm_per_px=pitch, sense=said.sense)

    found = read(layout.root / str(scan))
    if found.organised:
        return found.raised()
    good = origin.get("scan") if isinstance(origin, dict) else None
    if not isinstance(good, dict) or not is_file(source / str(good["file"])):
        return None
    return charted(chart_of(read(source / str(good["file"]))), found).raised


def _tile(photo: Photo, finder: PartFinder, name: str) -> Rgb:
    pixels = one_channel(photo.pixels)
    return part_tile(pixels, find_foreground(pixels, photo.alpha, finder=finder), TILE, name)

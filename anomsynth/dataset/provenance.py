"""The good photos of samples, where the manifest of their dataset names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anomsynth.dataset.layout import Layout
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.manifest import Line, read_lines
from anomsynth.dataset.paths import is_file
from anomsynth.errors import OutputError

RESIDUALS = "residuals"


@dataclass(frozen=True, slots=True)
class RecordedDefect:
    """One defect of a sample as its manifest records it.

    Attributes
    ----------
    kind : str
    d_prime : float or None
        How far it rises over the surface's texture.
    area_px : int
    parameters : by name, as they were drawn
    """

    kind: str
    d_prime: float | None
    area_px: int
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a manifest says of a sample.

    Attributes
    ----------
    good : Path or None
        The good photo as it stands in the dataset.
    residuals : by name
        The largest physics residual of its defects.
    defects : tuple of RecordedDefect
    """

    good: Path | None
    residuals: Mapping[str, float]
    defects: tuple[RecordedDefect, ...] = ()


def find_provenance(items: Sequence[Labelled]) -> dict[Path, Provenance]:
    """Return where those images come from that a manifest beside them describes.

    Datasets of other tools have none; a damaged manifest counts as absent.
    """
    roots = {(_root(item), item.category) for item in items if len(item.image.parents) > 3}
    found: dict[Path, Provenance] = {}
    for root, category in sorted(roots):
        manifest = Layout(root).manifest(category)
        if not is_file(manifest):
            continue
        try:
            found.update(_of_manifest(root, manifest))
        except OutputError:
            continue
    return found


def _root(item: Labelled) -> Path:
    """Return the folder of the category folder: root / category / split / kind / image."""
    return item.image.parents[3]


def _of_manifest(root: Path, manifest: Path) -> dict[Path, Provenance]:
    """Go through a manifest twice: its lines are too long to keep them all."""
    goods = {
        line.get("image"): root / file
        for line in read_lines(manifest)
        if line.get("what") == "normal" and (file := _file(line)) is not None
    }
    found = {}
    for line in read_lines(manifest):
        file = _file(line)
        if line.get("what") == "sample" and file is not None:
            good = goods.get(line.get("image"))
            if good is not None and not is_file(good):
                good = None
            found[root / file] = Provenance(good, _residuals(line), _defects(line))
    return found


def _file(line: Line) -> str | None:
    files = line.get("files")
    image = files.get("image") if isinstance(files, dict) else None
    return image if isinstance(image, str) else None


def _instances(line: Line) -> list[dict[str, object]]:
    record = line.get("record")
    found = record.get("instances") if isinstance(record, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _defects(line: Line) -> tuple[RecordedDefect, ...]:
    found = []
    for instance in _instances(line):
        d_prime, area = instance.get("visibility"), instance.get("area_px")
        parameters = instance.get("parameters")
        found.append(
            RecordedDefect(
                kind=str(instance.get("kind", "")),
                d_prime=float(d_prime) if isinstance(d_prime, int | float) else None,
                area_px=area if isinstance(area, int) else 0,
                parameters=parameters if isinstance(parameters, dict) else {},
            )
        )
    return tuple(found)


def _residuals(line: Line) -> dict[str, float]:
    largest: dict[str, float] = {}
    for instance in _instances(line):
        residuals = instance.get(RESIDUALS)
        for name, value in residuals.items() if isinstance(residuals, dict) else ():
            if isinstance(value, int | float):
                largest[name] = max(float(value), largest.get(name, 0.0))
    return largest

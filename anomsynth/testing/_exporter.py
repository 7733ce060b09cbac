"""What is asked of an exporter."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from anomsynth.dataset.exports import Exporter, Target, export
from anomsynth.testing._demand import check_parameters, demand
from anomsynth.testing.surfaces import make_defect, make_pixels

PHOTOS = 6
BROKEN = "part/test/dent/broken.png"


def check_exporter(exporter: Exporter) -> None:
    """Check that an exporter keeps its contract, on a small dataset in a temporary folder.

    It reads every picture through `Source.load` (so that one that cannot be used costs nothing but
    itself), writes through `Staging` only, never to the dataset, and the same bytes every time.

    Raises
    ------
    PluginError
        If it does not; the message says in what.
    """
    check_parameters(exporter, Exporter)
    with TemporaryDirectory() as folder:
        dataset, out = Path(folder) / "dataset", Path(folder) / "out"
        _write_dataset(dataset)
        held = _hashes(dataset)
        tried: list[int] = []
        done = export(dataset, Target(out), exporter, lambda count, _: tried.append(count))
        total = 2 * PHOTOS + 1
        demand(len(tried) == total, f"it loads {len(tried)} pictures of {total}")
        demand(list(done.left_out) == [BROKEN], f"left out: {sorted(done.left_out)}")
        demand(_hashes(dataset) == held, "it writes to the dataset")
        beside = sorted(path.name for path in Path(folder).iterdir())
        demand(beside == ["dataset", "out"], f"it leaves {beside} beside the dataset")
        first = _hashes(out)
        demand(len(first) > 1, "it writes nothing")
        export(dataset, Target(out, overwrite=True), exporter)
        demand(_hashes(out) == first, "it writes other bytes the second time")
        lines = exporter.loading(out)
        demand(all(isinstance(line, str) for line in lines), "loading: expected lines of text")


def _write_dataset(root: Path) -> None:
    """Write an MVTec AD tree of six good photos, six defects, and one that cannot be read."""
    for index in range(PHOTOS):
        good = make_pixels(64, 80, seed=index)
        image, mask = make_defect(good, 12)
        _save(root / f"part/train/good/{index:03d}.png", good)
        _save(root / f"part/test/dent/{index:03d}.png", image)
        truth = 255 * mask.astype(np.uint8)
        _save(root / f"part/ground_truth/dent/{index:03d}_mask.png", truth)
    _save(root / "part/ground_truth/dent/broken_mask.png", truth)
    (root / BROKEN).write_bytes(b"no picture")


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    demand(cv2.imwrite(str(path), pixels), f"{path}: cannot be written")


def _hashes(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }

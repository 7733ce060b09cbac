"""Load a dataset of scans with anomalib's MVTec3D; run in an environment that has anomalib.

Usage: python anomalib_3d_loads.py DATASET
"""

import sys
from pathlib import Path

import torch
from anomalib.data import MVTec3D


def main(root: Path) -> None:
    categories = sorted(
        path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("_")
    )
    assert categories, f"no category in {root}"
    for category in categories:
        kinds = [path for path in (root / category / "test").iterdir() if path.name != "good"]
        on_disk = sum(len(list((kind / "rgb").iterdir())) for kind in kinds)
        module = MVTec3D(
            root=root, category=category, train_batch_size=2, eval_batch_size=2, num_workers=0
        )
        module.setup()
        goods, defects = set(), set()
        for data in (module.train_data, module.test_data):
            for item in data:
                check(item)
                (defects if item.gt_label else goods).add(item.image_path)
        assert len(defects) == on_disk, f"{category}: {len(defects)} of {on_disk} defects"
        assert goods, f"{category}: no good picture"
        for loader in (module.train_dataloader(), module.test_dataloader()):
            for batch in loader:
                assert batch.image.shape[-2:] == batch.depth_map.shape[-2:]
        sys.stdout.write(f"MVTec3D {category}: {len(goods)} good, all {len(defects)} defects\n")


def check(item: object) -> None:
    """Check that picture, scan and mask of an item belong together."""
    assert item.depth_map.shape[-2:] == item.image.shape[-2:], item.image_path
    assert item.depth_map.shape[0] == 3, item.depth_path
    assert torch.isfinite(item.depth_map).any(), item.depth_path
    if item.gt_label:
        assert item.gt_mask.any(), f"{item.image_path}: an empty mask"
        assert item.gt_mask.shape[-2:] == item.image.shape[-2:]


if __name__ == "__main__":
    main(Path(sys.argv[1]))

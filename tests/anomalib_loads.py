"""Load a generated dataset with anomalib's datamodules; run in an environment that has anomalib.

Usage: python anomalib_loads.py DATASET
"""

import sys
from pathlib import Path

from anomalib.data import Folder, MVTecAD


def main(root: Path) -> None:
    categories = sorted(
        path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("_")
    )
    assert categories, f"no category in {root}"
    for category in categories:
        kinds = sorted(
            path.name for path in (root / category / "test").iterdir() if path.name != "good"
        )
        on_disk = sum(len(list((root / category / "test" / kind).iterdir())) for kind in kinds)
        mvtec = MVTecAD(
            root=root, category=category, train_batch_size=4, eval_batch_size=4, num_workers=0
        )
        folder = Folder(
            name=category,
            root=root / category,
            normal_dir="train/good",
            normal_test_dir="test/good",
            abnormal_dir=[f"test/{kind}" for kind in kinds],
            mask_dir=[f"ground_truth/{kind}" for kind in kinds],
            train_batch_size=4,
            eval_batch_size=4,
            num_workers=0,
        )
        for module in (mvtec, folder):
            module.setup()
            loaded = count_defects(module)
            name = type(module).__name__
            assert loaded == on_disk, f"{name} {category}: {loaded} of {on_disk} defects"
            sys.stdout.write(f"{name} {category}: all {loaded} defects\n")


def count_defects(module: MVTecAD | Folder) -> int:
    """Iterate every loader; return the distinct defect images seen, each with its mask."""
    seen = set()
    for loader in (module.train_dataloader(), module.val_dataloader(), module.test_dataloader()):
        for batch in loader:
            for item in batch.items:
                if item.gt_label:
                    assert item.gt_mask is not None, f"{item.image_path}: no mask"
                    assert item.gt_mask.any(), f"{item.image_path}: an empty mask"
                    assert item.gt_mask.shape[-2:] == item.image.shape[-2:]
                    seen.add(item.image_path)
    return len(seen)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

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
        mvtec = MVTecAD(root=root, category=category, train_batch_size=4, eval_batch_size=4)
        folder = Folder(
            name=category,
            root=root / category,
            normal_dir="train/good",
            normal_test_dir="test/good",
            abnormal_dir=[f"test/{kind}" for kind in kinds],
            mask_dir=[f"ground_truth/{kind}" for kind in kinds],
            train_batch_size=4,
            eval_batch_size=4,
        )
        for module in (mvtec, folder):
            module.setup()
            defects = 0
            for loader in (
                module.train_dataloader(),
                module.val_dataloader(),
                module.test_dataloader(),
            ):
                for batch in loader:
                    for image, mask, label in zip(
                        batch.image,
                        batch.gt_mask if batch.gt_mask is not None else batch.image,
                        batch.gt_label,
                        strict=True,
                    ):
                        assert image.shape[-2:] == mask.shape[-2:]
                        if label:
                            assert mask.any(), "a defect without a mask"
                            defects += 1
            assert defects > 0, f"{type(module).__name__}: no defect loaded from {category}"
            sys.stdout.write(
                f"{type(module).__name__} {category}: {defects} of {on_disk} defects in val + test\n"
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Load a Tabular export with anomalib; run in an environment that has it.

Usage: python tabular_loads.py EXPORT
"""

import csv
import sys
from pathlib import Path

from anomalib.data import Tabular


def main(out: Path) -> None:
    tables = sorted(out.glob("*.csv"))
    assert tables, f"no table in {out}"
    for table in tables:
        with table.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        module = Tabular.from_file(
            table.stem, table, train_batch_size=4, eval_batch_size=4, num_workers=0
        )
        module.setup()
        good, defects = set(), set()
        loaders = (module.train_dataloader(), module.val_dataloader(), module.test_dataloader())
        for item in (item for loader in loaders for batch in loader for item in batch.items):
            if item.gt_label:
                assert item.gt_mask is not None, f"{item.image_path}: no mask"
                assert item.gt_mask.any(), f"{item.image_path}: an empty mask"
                defects.add(item.image_path)
            else:
                good.add(item.image_path)
        assert len(good) == sum(row["label_index"] == "0" for row in rows), f"{table}: good photos"
        assert len(defects) == sum(row["label_index"] == "1" for row in rows), f"{table}: defects"
        sys.stdout.write(f"{table.name}: {len(good)} good, {len(defects)} defects\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

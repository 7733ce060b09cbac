"""Train anomalib's DRAEM on our defects, not its own: python anomalib_draem.py WORK [STEPS]."""

import sys
from pathlib import Path

from anomalib.data import Folder
from anomalib.engine import Engine
from anomalib.models import Draem
from lightning import seed_everything
from PIL import Image
from torchvision.transforms.v2 import Resize

import anomsynth as asy
from anomsynth.integrations.anomalib import DefectAugmenter, in_synthetic_splits

work = Path(sys.argv[1])
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 2  # a real training takes thousands
seed_everything(1)

(work / "good").mkdir(parents=True, exist_ok=True)
for number, photo in enumerate(asy.demo_photos()["metal"]):
    Image.fromarray(photo).save(work / "good" / f"{number}.png")

model = Draem(
    dtd_dir=work,  # foreign textures, which it does without now
    pre_processor=Draem.configure_pre_processor(image_size=(96, 96)),
    visualizer=False,
)
model.augmenter = DefectAugmenter("metal", probability=0.5)

data = Folder(
    name="plate", root=work, normal_dir="good", train_batch_size=2, eval_batch_size=2,
    num_workers=0,
    normal_split_ratio=0.5, test_split_mode="synthetic", val_split_mode="same_as_test",
    augmentations=Resize((96, 96)),
)  # fmt: skip
with in_synthetic_splits(DefectAugmenter("metal", probability=1)):
    data.setup()

engine = Engine(max_steps=steps, accelerator="cpu", logger=False, default_root_dir=work / "runs")
engine.fit(model, datamodule=data)
print("after", engine.trainer.global_step, "steps:", engine.test(model, datamodule=data)[0])

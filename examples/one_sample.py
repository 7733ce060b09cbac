"""Put one defect on one photo and save the result with its mask: python one_sample.py [FOLDER]."""

import sys
import tempfile
from pathlib import Path

from PIL import Image

import anomsynth as asy

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
folder.mkdir(parents=True, exist_ok=True)

photo = asy.demo_photos()["metal"][0]  # any (H, W) or (H, W, C) uint8 or uint16 array
recipe = asy.load_recipe("metal", defects_per_image=1, severity={"d_prime": [3, 6]})
sample = asy.synthesize(photo, recipe, seed=0)

Image.fromarray(sample.image).save(folder / "image.png")
Image.fromarray(sample.mask).convert("L").save(folder / "mask.png")
for defect in sample.instances:
    print(f"{defect.kind}: d' = {defect.visibility:.1f}, {defect.area_px} pixels at {defect.box}")
print(f"saved in {folder}")

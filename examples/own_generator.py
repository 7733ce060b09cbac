"""Write a mechanism of your own and use it in a recipe: python own_generator.py [FOLDER]."""

import sys
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

import anomsynth as asy
from anomsynth.plugins import Generator, ShareRange, check_generator, parameter, pick_site


class DripMark(Generator):
    """A round drop of a liquid that has dried: a film, darkest at its rim."""

    kind: Literal["drip_mark"] = "drip_mark"
    radius: ShareRange = parameter((0.04, 0.12), "of part size", "from the middle to the rim")

    def generate(self, surface: asy.Surface, rng: np.random.Generator) -> asy.DefectLayer:
        """Draw the size, then the place, then say how much light the film absorbs."""
        drawn = self.draw_ranges(rng)
        row, col = pick_site(surface, rng)
        radius = max(drawn.radius * surface.part_size_px, 2.0)
        reach = int(np.ceil(radius))
        offset = np.arange(-reach, reach + 1) / radius
        distance = np.hypot(offset[:, None], offset[None, :])
        film = np.where(distance < 1, 0.1 + 0.2 * distance**6, 0).astype(np.float32)
        return asy.DefectLayer(
            kind=self.kind,
            origin=(row - reach, col - reach),
            support=film > 0,
            absorbance=film,
            parameters=drawn.numbers,
        )


check_generator(DripMark())  # says what is wrong, if something is
folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
folder.mkdir(parents=True, exist_ok=True)
recipe = asy.load_recipe("metal", mechanisms=[{"generator": DripMark()}])
sample = asy.synthesize(asy.demo_photos()["metal"][1], recipe, seed=1)
Image.fromarray(sample.image).save(folder / "drip_mark.png")
Image.fromarray(sample.mask).convert("L").save(folder / "drip_mark_mask.png")
print(f"{len(sample.instances)} drip marks on the part, saved in {folder}")

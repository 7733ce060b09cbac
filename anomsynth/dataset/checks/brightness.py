"""Whether pictures use the range of their files: 12 bits in 16 look black to every loader."""

import itertools
from collections.abc import Iterator

import numpy as np

from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.images import read_photo
from anomsynth.errors import InputError

LOOKED_AT = 16  # pictures of a category
NEAR_BLACK = 1 / 8  # of the range; 12 bits in 16 are 1 / 16


def check_brightness(tree: Tree) -> Iterator[Finding]:
    """Find a category whose brightest pixel is nearly black; some of its pictures are decoded."""
    count = sum(map(len, tree.images.values()))
    step = -(-count // LOOKED_AT) or 1
    brightest = 0.0
    for path in itertools.islice(tree.pictures(), 0, None, step):
        try:
            pixels = read_photo(path).pixels
        except InputError:  # a finding of its own
            continue
        brightest = max(brightest, float(pixels.max()) / float(np.iinfo(pixels.dtype).max))
        if brightest > NEAR_BLACK:
            return
    if count and brightest > 0:
        message = f"nearly black: the brightest pixel has {brightest:.1%} of the range"
        hint = "scale the pictures to the range of the file; 10 or 12 bits of a camera in 16?"
        yield Finding("warning", "near-black", tree.name(tree.folder), message, hint)

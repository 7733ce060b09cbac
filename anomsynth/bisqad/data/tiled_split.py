"""The images of a training cut into tiles, where photos are far larger than the network's field."""

from collections.abc import Sequence
from dataclasses import replace

from anomsynth.bisqad.data.held_out import spread_out
from anomsynth.bisqad.data.item import Item
from anomsynth.bisqad.data.samples import Split
from anomsynth.bisqad.data.tile_side import FAR_LARGER, choose_side, width_of
from anomsynth.bisqad.data.tiles import Tiling
from anomsynth.bisqad.options import TrainOptions
from anomsynth.core.rng import stream
from anomsynth.dataset.headers import image_size
from anomsynth.errors import InputError, SynthesisError

TILES = 6  # of a good photo that are learned from
LOOKED_AT = 40  # photos and masks that decide on the side of tiles
MOST_TILES_HELD, FEWEST_CUT = 4000, 20  # tiles of photos held out; at least of so many photos


def with_tiles(split: Split, options: TrainOptions) -> Split:
    """Return the split with tiles instead of photos, if its photos ask for it or `tile` does."""
    side = _tile_side(split, options)
    return split if side is None else tiled(split, Tiling(side, options.size), options.seed)


def tiled(split: Split, tiling: Tiling, seed: int) -> Split:
    """Return a split whose photos are cut into tiles.

    A few tiles of each good photo are learned from, and one of each defect, where it is. Photos
    that were held out are cut into all their tiles: whether one is defective, all decide.
    """
    side = tiling.side
    normals = [tile for item in split.normals for tile in _tiles(item, tiling, TILES, seed)]
    held = _held_tiles(split.held_normals, tiling, seed)
    return replace(
        split,
        normals=tuple(normals),
        defects=tuple(replace(item, tile=side) for item in split.defects),
        held_normals=tuple(held),
        held_defects=tuple(replace(item, tile=side) for item in split.held_defects),
        tile=side,
    )


def _tile_side(split: Split, options: TrainOptions) -> int | None:
    """Return the side that is asked for, or that the photos and the smallest defects ask for.

    Sizes are measured in pixels of these very photos, so nobody has to know their scale.
    """
    if options.tile != "auto":
        return options.tile
    sizes = [image_size(item.image) for item in split.normals[:LOOKED_AT]]
    longest = sorted(max(size[:2]) for size in sizes if size is not None)
    if not longest or longest[len(longest) // 2] < FAR_LARGER * options.size:
        return None
    step = max(len(split.defects) // LOOKED_AT, 1)
    widths = []
    for item in split.defects[::step]:
        try:
            width = width_of(item.read()[1])
        except (InputError, SynthesisError):  # said when it is learned from
            continue
        if width is not None:
            widths.append(width)
    return choose_side(longest[len(longest) // 2], widths, options.size)


def _held_tiles(items: Sequence[Item], tiling: Tiling, seed: int) -> list[Item]:
    """Return all tiles of photos that are held out, of fewer photos where they have very many."""
    if not items:
        return []
    count = len(_tiles(items[0], tiling, None, seed))
    photos = spread_out(items, max(MOST_TILES_HELD // count, FEWEST_CUT))
    return [tile for item in photos for tile in _tiles(item, tiling, None, seed)]


def _tiles(item: Item, tiling: Tiling, most: int | None, seed: int) -> list[Item]:
    """Return the tiles of a good photo, `most` of them by chance; a damaged one stays as it is."""
    size = image_size(item.image)
    if size is None:
        return [item]
    boxes = tiling.boxes((size[0], size[1]))
    if most is not None and len(boxes) > most:
        chosen = stream(seed, "tiles", item.id).permutation(len(boxes))[:most]
        boxes = [boxes[place] for place in sorted(chosen)]
    return [replace(item, id=f"{item.id}#{nth}", tile=box) for nth, box in enumerate(boxes)]

"""Defects that are made anew while a training runs, and samples spoiled for experiments."""

from collections.abc import Iterable
from dataclasses import replace

from anomsynth.bisqad.data.item import Item
from anomsynth.bisqad.data.samples import Split, synthetic
from anomsynth.bisqad.data.spoil import Fault
from anomsynth.core.rng import stream
from anomsynth.errors import UserError


def fresh_defects(split: Split, count: int, seed: int, turn: int) -> tuple[Item, ...]:
    """Return `count` defects still to be made by the dataset's recipe, other ones every `turn`.

    Raises
    ------
    UserError
        If nobody knows how the dataset was made.
    """
    if split.recipe is None:
        hint = (
            "use `online` with a dataset that `anomsynth generate` made of other than real defects"
        )
        raise UserError("`online` needs the recipe of the dataset, which has none", hint=hint)
    photos = list({item.image: item for item in split.normals}.values())
    order = stream(seed, "online", turn).permutation(len(photos))
    return tuple(
        replace(
            synthetic(photos[order[nth % len(order)]], split.recipe, seed, (turn, nth)),
            tile=split.tile,
        )
        for nth in range(count)
    )


def spoiled(items: Iterable[Item], faults: dict[str, Fault], seed: int) -> tuple[Item, ...]:
    """Return the items with their faults."""
    return tuple(replace(item, fault=faults.get(item.id), seed=seed) for item in items)

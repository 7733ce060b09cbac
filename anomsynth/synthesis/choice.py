"""Which mechanism comes next: by weight, of those that have something to work on in a photo."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError
from anomsynth.recipe.models import Mechanism
from anomsynth.surface.fibrous import fibrous_sites
from anomsynth.surface.identity import ByIdentity, found_once


class _Offer(NamedTuple):
    """A mechanism and what decides whether it is a choice; asking a model costs ten times more."""

    mechanism: Mechanism
    weight: float
    kind: str
    components: bool
    defects: bool
    fibers: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Mechanisms(ByIdentity):
    written: tuple[Mechanism, ...]


@found_once(most=4)
def _offers(mechanisms: _Mechanisms) -> list[_Offer]:
    return [
        _Offer(
            item,
            item.weight,
            item.generator.kind,
            item.generator.needs_components,
            item.generator.needs_defects,
            item.generator.needs_fibers,
        )
        for item in mechanisms.written
    ]


def pick_mechanism(
    mechanisms: tuple[Mechanism, ...], share: float, kind: str | None, surface: Surface
) -> Mechanism:
    """Return the mechanism at quantile `share` of the weights, among those of `kind`.

    Mechanisms whose components, real defects or fibres a surface has not are passed over. Fibres
    are looked for only where it matters whether there are any.

    Parameters
    ----------
    mechanisms : tuple of Mechanism
    share : float in [0, 1)
    kind : str or None
        None for any.
    surface : Surface

    Raises
    ------
    PlacementError
        If none is left.
    """
    bare, alone = surface.components is None, surface.defects is None
    choices = [
        offer
        for offer in _offers(_Mechanisms(mechanisms))
        if (kind is None or offer.kind == kind)
        and not (bare and offer.components)
        and not (alone and offer.defects)
    ]
    smooth = [offer for offer in choices if not offer.fibers]
    if len(smooth) < len(choices):
        same = smooth and _at(smooth, share) is _at(choices, share)
        if not same and len(fibrous_sites(surface)) == 0:
            choices = smooth
    if choices:
        return _at(choices, share).mechanism
    if alone and any(item.generator.needs_defects for item in mechanisms):
        raise PlacementError("the recipe pastes real defects: give a folder of them (real)")
    if any(item.generator.needs_fibers for item in mechanisms):
        raise PlacementError("the recipe works on fibres: the part shows none")
    raise PlacementError("the recipe works on components: mark them in a mask (components)")


def _at(choices: Sequence[_Offer], share: float) -> _Offer:
    edges = list(accumulate([offer.weight for offer in choices]))
    return choices[min(bisect_right(edges, share * edges[-1]), len(choices) - 1)]

"""Everything with a name that a command can be given, by role."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anomsynth.core.registry import Catalogue, Origin

PRESETS = "presets"
ROLES = ("generators", "refiners", "exporters", "scorers", "detectors", "noises", "terms")
TOPICS = (*ROLES, PRESETS)


def catalogue(role: str) -> "Catalogue[object]":
    """Return what there is of a role."""
    from anomsynth.bisqad.detector import detectors
    from anomsynth.bisqad.feature_noise import noises
    from anomsynth.core.registry import generators, refiners
    from anomsynth.dataset.exports import exporters
    from anomsynth.sqe.all_terms import terms
    from anomsynth.sqe.scorer import scorers

    known = (generators, refiners, exporters, scorers, detectors, noises, terms)
    found: dict[str, Catalogue[object]] = {one.role: one for one in known}
    return found[role]


def origin_of(topic: str, name: str) -> "Origin | None":
    """Return the distribution that provides something, None for what is built in."""
    from anomsynth.recipe.presets import preset_origin

    return preset_origin(name) if topic == PRESETS else catalogue(topic).origin(name)


def about(item: object) -> str:
    """Return the first paragraph of what is written about a component or a term."""
    paragraph = _written(item).partition("\n\n")[0]
    return " ".join(paragraph.split())


def first_line(item: object) -> str:
    """Return the first line of what is written about a component or a term."""
    return _written(item).partition("\n")[0].rstrip(".")


def _written(item: object) -> str:
    """Return a docstring without its marks for references and code; a term's is its module's."""
    from anomsynth.sqe.term import Term

    text = sys.modules[item.measure.__module__].__doc__ if isinstance(item, Term) else item.__doc__
    return (text or "").strip().replace(" [1]_", "").replace(" [2]_", "").replace("``", "")


def complete_name(incomplete: str) -> list[str]:
    """Return everything that begins so, for completion in a shell."""
    from anomsynth.recipe.presets import preset_names

    names = [kind for role in ROLES for kind in catalogue(role).kinds()] + preset_names()
    return [name for name in names if name.startswith(incomplete)]

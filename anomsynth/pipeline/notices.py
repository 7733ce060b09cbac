"""What about a source or recipe the user should know before a run, because no file says it."""

from collections.abc import Iterator, Mapping

from anomsynth.dataset.depth_like import looks_like_depth
from anomsynth.dataset.folders import PhotoSource
from anomsynth.dataset.views import views_by_name
from anomsynth.pipeline.events import Noticed
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.rigs import Rig
from anomsynth.recipe.models import Recipe

MOST = 12  # categories whose photos are read for it


def notices_of(
    found: PhotoSource,
    recipes: Mapping[str, Recipe],
    rigs: Mapping[str, Rig],
    options: RunOptions,
) -> tuple[Noticed, ...]:
    """Return all that is to be said of a source, the recipes of its categories and its lights."""
    return (*_of_source(found, recipes, options), *_of_recipes(recipes, options), *_of_rigs(rigs))


def _of_source(
    found: PhotoSource, recipes: Mapping[str, Recipe], options: RunOptions
) -> Iterator[Noticed]:
    """Yield what photos look like that they were not said to be: depth maps, views of parts."""
    if found.has_scans:
        return
    said = options.bits is not None or options.value_range is not None or options.bands
    for category, photos in list(found.categories.items())[:MOST]:
        if said or recipes[category].transmission:  # radiographs are smooth, too
            continue
        why = looks_like_depth([photo.path for photo in photos], found.root)
        if why:
            message = f"{category}: 16-bit grey pictures that look like depth maps ({why})"
            yield Noticed(message, "if they are, say how many mm a level is by `depth_unit`")
    names = () if options.views else views_by_name(found)
    if names:
        message = f"{found.root}: photos of {', '.join(names)} are made as parts of their own"
        given = ",".join(names)
        yield Noticed(message, f"if they show one part in several lights, add `views={given!r}`")


def _of_recipes(recipes: Mapping[str, Recipe], options: RunOptions) -> Iterator[Noticed]:
    """Yield whether real defects that recipes set into photos are missing, or given for nothing."""
    if options.real is not None:
        if not any(m.generator.needs_defects for r in recipes.values() for m in r.mechanisms):
            message = f"{options.real}: not used, for no recipe sets real defects into photos"
            yield Noticed(message, f"`anomsynth fit {options.real}` writes one that does")
        return
    shares: dict[str, float] = {}
    for recipe in recipes.values():
        own = [item.weight for item in recipe.mechanisms if item.generator.needs_defects]
        if own and len(own) < len(recipe.mechanisms):  # with nothing else, every sample fails
            every = sum(item.weight for item in recipe.mechanisms)
            shares[recipe.name] = sum(own) / every
    for name, share in shares.items():
        message = f"{name}: {share:.0%} of its defects are real ones, and none are given"
        yield Noticed(f"{message}: left out", "give their folder by `real`")


def _of_rigs(rigs: Mapping[str, Rig]) -> Iterator[Noticed]:
    """Yield which lights are uncertain, and why."""
    for category, rig in rigs.items():
        reasons: dict[str, list[str]] = {}
        for name, one in rig.items():
            if one.doubt:
                reasons.setdefault(one.doubt, []).append(name)
        for doubt, names in reasons.items():
            message = f"{category}: the light of {', '.join(names)} is uncertain: {doubt}"
            yield Noticed(message, "say it by `lights`")

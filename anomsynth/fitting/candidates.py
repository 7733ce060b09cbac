"""What may have made a real defect: the base's mechanisms, and every other one of the package."""

from collections.abc import Collection
from dataclasses import dataclass

from anomsynth.core.component import LogRange
from anomsynth.core.registry import generators
from anomsynth.core.roles import Generator
from anomsynth.errors import RecipeError, UserError
from anomsynth.recipe.models import Mechanism, Recipe

BASELINES = ".baselines."  # the room of generators that paste instead of modelling a defect
OTHERS = 0.3  # weight of a mechanism that the base lacks, over the mean of the base's
WIDER = 1.5  # by which ranges of sizes are wider than the mechanism's own, either way


@dataclass(frozen=True, slots=True)
class Suspect:
    """A mechanism that may explain a real defect.

    Attributes
    ----------
    mechanism : Mechanism
        As the base has it, or with its defaults.
    wide : Generator
        The same with wider ranges of sizes: what is drawn from to explain a defect.
    weight : float, > 0
        How likely it is before any defect is seen; those of all candidates sum to 1.
    """

    mechanism: Mechanism
    wide: Generator
    weight: float

    @property
    def kind(self) -> str:
        """Kind of its generator."""
        return self.mechanism.generator.kind


def list_candidates(base: Recipe, kinds: Collection[str] | None = None) -> tuple[Suspect, ...]:
    """Return the base's mechanisms, then every other kind with its defaults.

    Left out is what works on components or on pictures from elsewhere, what only pastes, and what
    is not among `kinds`, if they are given.

    Raises
    ------
    UnknownComponentError
        If nobody provides one of the kinds.
    UserError
        If fewer than two candidates are left.
    """
    for kind in kinds or ():
        generators.load(kind)
    own = [item for item in base.mechanisms if _models_a_defect(item.generator)]
    known = {item.generator.kind for item in own}
    mean = sum(item.weight for item in own) / max(len(own), 1) or 1.0
    for kind in generators.kinds():
        if kind in known:
            continue
        try:
            generator = generators.build({"kind": kind})
        except RecipeError:  # a plugin's that has no defaults
            continue
        if _models_a_defect(generator):
            own.append(Mechanism(weight=OTHERS * mean, generator=generator))
    if kinds is not None:
        own = [item for item in own if item.generator.kind in kinds]
    if len(own) < 2:
        msg = "there is nothing to choose between"
        raise UserError(msg, hint="name two kinds or more that model a defect")
    total = sum(item.weight for item in own)
    return tuple(Suspect(item, _widened(item.generator), item.weight / total) for item in own)


def _models_a_defect(generator: Generator) -> bool:
    needy = generator.needs_components or generator.needs_defects
    return not needy and BASELINES not in type(generator).__module__


def _widened(generator: Generator) -> Generator:
    """Return a generator whose log ranges, those of sizes, are wider where that is valid."""
    wide = generator.model_dump()
    for name, span in generator.ranges.items():
        if not isinstance(span, LogRange) or span.low == span.high:
            continue
        for factor in ((1 / WIDER, WIDER), (1 / WIDER, 1.0), (1.0, WIDER)):
            low, high = span.low * factor[0], span.high * factor[1]
            try:
                generators.build({**wide, name: [low, high]})
            except RecipeError:
                continue
            wide[name] = [low, high]
            break
    return generators.build(wide)

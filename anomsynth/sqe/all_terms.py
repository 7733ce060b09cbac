"""All terms of the score: one file each, and those of plugins."""

from functools import cache
from importlib.metadata import EntryPoint
from types import ModuleType

from anomsynth.core.registry import Catalogue, check_name
from anomsynth.errors import PluginError
from anomsynth.sqe.term import Term

# Columns of tables and inputs of trained networks stand in this order; plugins' terms follow.
ORDER = (
    *("edge_width", "boundary_gradient", "coherence", "noise", "band_energy", "spectrum_slope"),
    *("gamut", "residual", "visibility", "agreement", "size", "place"),
)


class Terms(Catalogue[Term]):
    """The questions that the score asks; a module's is its ``TERM``."""

    def _only_one(self, module: ModuleType) -> Term:
        term = getattr(module, "TERM", None)
        if not isinstance(term, Term):
            raise PluginError(f"{module.__name__} must define a TERM")
        return term

    def _checked(self, loaded: object, point: EntryPoint) -> Term:
        if not isinstance(loaded, Term):
            raise PluginError(f"plugin {point.name!r} ({point.value}) is not a Term")
        check_name(point, loaded.name)
        if loaded.curve is None:
            msg = f"plugin {point.name!r} ({point.value}) has no curve: no calibration knows it"
            raise PluginError(msg)
        return loaded


terms = Terms("terms", package="anomsynth.sqe.terms")


@cache
def builtin_terms() -> tuple[Term, ...]:
    """Return the terms of this package, in their order."""
    return tuple(terms.load(name) for name in ORDER)


@cache
def all_terms() -> tuple[Term, ...]:
    """Return every term, plugins' last and by name.

    Raises
    ------
    PluginError
        If a plugin's term cannot be used.
    """
    return (*builtin_terms(), *(terms.load(name) for name in terms.plugins()))

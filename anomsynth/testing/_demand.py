"""How a check complains, and what it asks of the parameters of every component."""

import pickle
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import Component
from anomsynth.errors import PluginError

T = TypeVar("T")


def demand(holds: object, complaint: str) -> None:
    """Raise PluginError unless something holds; unlike `assert`, under ``python -O`` too."""
    if not holds:
        raise PluginError(complaint)


def check_instance(given: object, wanted: type) -> None:
    """Raise PluginError unless something is an instance of a class."""
    what = f"the class {given.__name__}" if isinstance(given, type) else type(given).__name__
    demand(isinstance(given, wanted), f"expected an instance of {wanted.__name__}, got {what}")


def check_parameters(component: Component, role: type[Component]) -> None:
    """Raise PluginError unless a component survives being recorded and sent to a worker."""
    check_instance(component, role)
    loaded = type(component)
    kind = loaded.model_fields["kind"].default
    demand(kind == component.kind, f"kind {component.kind!r} is not the default of its field")
    silent = [name for name, field in loaded.model_fields.items() if not field.description]
    silent = [name for name in silent if name != "kind"]
    demand(not silent, f"parameters without a line of documentation: {', '.join(silent)}")
    again = loaded.model_validate_json(component.model_dump_json())
    demand(again == component, "parameters change when they are written and read")
    demand(pickled(component) == component, "another one comes out of pickle")


def pickled(item: T) -> T:
    """Return what a worker process would get; PluginError if it would get nothing."""
    try:
        return cast("T", pickle.loads(pickle.dumps(item)))
    except Exception as error:
        raise PluginError(f"cannot be sent to a worker: {error}") from error


def unchanged(before: NDArray[np.generic], after: NDArray[np.generic], what: str) -> None:
    """Raise PluginError if an array that was handed in has changed."""
    demand(np.array_equal(before, after), f"{what} was changed in place")

"""Classes of detection formats: each kind one, several kinds under one name, or all the same."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from anomsynth.core.component import parameter
from anomsynth.dataset.exports._source import Source
from anomsynth.dataset.exports._split import SplitExporter
from anomsynth.errors import InputError

SINGLE = "defect"


def _written(given: object) -> object:
    """Return ``kind=name,...`` of a mapping, which Python code gives."""
    if isinstance(given, Mapping):
        return ",".join(f"{kind}={name}" for kind, name in given.items())
    return given


class ClassExporter(SplitExporter):
    """A format whose annotations have classes with numbers."""

    single_class: bool = parameter(False, "", f"All defects are one class, {SINGLE!r}.")
    classes: Annotated[str, BeforeValidator(_written)] = parameter(
        "", "", "Names of classes by kind, kind=name,...; kinds of one name are one class."
    )

    def class_names(self, source: Source) -> dict[str, str]:
        """Return the class of each kind, kinds in their order.

        Raises
        ------
        InputError
            If `classes` is no list of names, or names a kind that the dataset does not have.
        """
        named = _parsed(self.classes)
        unknown = next((kind for kind in named if kind not in source.kinds), None)
        if unknown is not None:
            msg = f"`classes`: {unknown!r} is no kind of {source.root}"
            raise InputError(msg, hint=f"it has {', '.join(source.kinds)}")
        if self.single_class:
            return dict.fromkeys(source.kinds, SINGLE)
        return {kind: named.get(kind, kind) for kind in source.kinds}

    def class_numbers(self, source: Source, first: int) -> tuple[dict[str, int], list[str]]:
        """Return the number of each kind's class, from `first` on, and the classes in order."""
        names = self.class_names(source)
        order = sorted(set(names.values()))
        return {kind: first + order.index(name) for kind, name in names.items()}, order


def _parsed(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        kind, equals, name = (part.strip() for part in pair.partition("="))
        if not (kind and equals and name):
            msg = f"`classes`: expected kind=name, got {pair!r}"
            raise InputError(msg, hint="e.g. `classes='crack=break,chip=break'`")
        found[kind] = name
    return found

"""Recipes written with the old names of parameters go on working."""

from collections.abc import Iterator

import pytest

from anomsynth.core.registry import generators, refiners
from anomsynth.errors import RenamedWarning

ROLES = {"generators": generators, "refiners": refiners}


def renamed() -> Iterator[tuple[str, str, str, str]]:
    """Yield role, kind, old name and new name of every parameter that was renamed."""
    for role, registry in ROLES.items():
        for kind in registry.kinds():
            for name, field in registry.load(kind).model_fields.items():
                extra = field.json_schema_extra
                if isinstance(extra, dict) and "was" in extra:
                    yield role, kind, str(extra["was"]), name


@pytest.mark.parametrize(("role", "kind", "old", "new"), list(renamed()))
def test_an_old_name_is_understood_and_the_new_one_is_told(role, kind, old, new) -> None:
    registry = ROLES[role]
    value = registry.build({"kind": kind}).model_dump()[new]

    with pytest.warns(RenamedWarning, match=f"{kind}: {old} is called {new} now"):
        built = registry.build({"kind": kind, old: value})

    assert built == registry.build({"kind": kind, new: value})


def test_no_old_name_stands_for_two_parameters_or_for_one_of_today() -> None:
    for registry in ROLES.values():
        for kind in registry.kinds():
            names = set(registry.load(kind).model_fields)
            old = [was for _, of, was, _ in renamed() if of == kind]
            assert len(set(old)) == len(old), kind
            assert not names & set(old), kind

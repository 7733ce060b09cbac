"""Every built-in component passes the check of its role, and no check passes a broken one."""

import subprocess
import sys
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import pytest

from anomsynth.core.component import parameter
from anomsynth.core.registry import refiners
from anomsynth.core.roles import Refiner
from anomsynth.core.sample import Quality
from anomsynth.dataset.exports import Exporter, exporters
from anomsynth.errors import PluginError
from anomsynth.sqe.all_terms import ORDER, builtin_terms, terms
from anomsynth.sqe.curve import Plateau
from anomsynth.sqe.scorer import Scorer, scorers
from anomsynth.sqe.term import Term
from anomsynth.testing import check_exporter, check_refiner, check_scorer, check_term


@pytest.mark.parametrize("kind", refiners.kinds())
def test_built_in_refiners_keep_their_contract(kind) -> None:
    check_refiner(refiners.build({"kind": kind}))


@pytest.mark.parametrize("kind", exporters.kinds())
def test_built_in_exporters_keep_their_contract(kind) -> None:
    check_exporter(exporters.build({"kind": kind}))


@pytest.mark.parametrize("term", builtin_terms(), ids=lambda term: term.name)
def test_built_in_terms_keep_their_contract(term) -> None:
    check_term(term)


def test_the_estimator_keeps_the_contract_of_scorers() -> None:
    check_scorer(scorers.build({"kind": "sqe"}))


def test_the_order_of_the_terms_names_each_file_once() -> None:
    assert sorted(ORDER) == terms.kinds()


class Brighten(Refiner):
    kind: Literal["brighten"] = "brighten"
    random: ClassVar[bool] = False
    factor: float = parameter(1.1, "relative", "of the light of the defect")

    def refine(self, change, surface, rng):
        after = change.after.copy()
        after.reshape(-1, after.shape[2])[change.index] *= np.float32(self.factor)
        return replace(change, after=after)


class Spills(Brighten):
    def refine(self, change, surface, rng):
        return replace(change, after=change.after * np.float32(1.1))


class DrawsInSecret(Brighten):
    def finish(self, levels, change, surface, rng):
        return levels + np.float32(rng.random())


class HasAState(Brighten):
    random: ClassVar[bool] = True

    def finish(self, levels, change, surface, rng):
        return levels + np.float32(np.random.rand())  # noqa: NPY002 - the mistake under test


class WritesInPlace(Brighten):
    def finish(self, levels, change, surface, rng):
        levels += 1
        return levels


class Widens(Brighten):
    def finish(self, levels, change, surface, rng):
        return levels.astype(np.float64)


class NotANumber(Brighten):
    def refine(self, change, surface, rng):
        return replace(change, after=change.after * np.float32(np.nan))


class ForgetsToReturn(Brighten):
    def refine(self, change, surface, rng):
        super().refine(change, surface, rng)


class Undocumented(Brighten):
    strength: float = 1.0


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (Spills(), "outside the support"),
        (DrawsInSecret(), "random is False"),
        (HasAState(), "hidden state or RNG"),
        (WritesInPlace(), "the levels was changed in place"),
        (Widens(), "float64, not float32"),
        (Undocumented(), "without a line of documentation: strength"),
        (NotANumber(), "NaN or infinity"),
        (ForgetsToReturn(), "expected an instance of Change, got NoneType"),
        (Brighten, "expected an instance of Refiner, got the class Brighten"),
    ],
)
def test_a_broken_refiner_is_caught(broken, complaint) -> None:
    check_refiner(Brighten())

    with pytest.raises(PluginError, match=complaint):
        check_refiner(broken)


class Names(Exporter):
    """A list of names; the smallest honest exporter."""

    kind: Literal["names"] = "names"
    end: str = parameter("", "", "Last line.")

    def write(self, source, out):
        names = [loaded.picture.name for loaded in source.load()]
        out.text("names.txt", "\n".join([*names, self.end]))


class SkipsPictures(Names):
    def write(self, source, out):
        list(source.load(source.pictures[:2]))
        out.text("names.txt", "two")


class NeverTheSame(Names):
    def write(self, source, out):
        super().write(source, out)
        out.text("when.txt", str(np.random.rand()))  # noqa: NPY002 - the mistake under test


class WritesToTheDataset(Names):
    def write(self, source, out):
        super().write(source, out)
        (source.root / "part" / "extra.txt").write_text("mine")


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (SkipsPictures(), "loads 2 pictures of 13"),
        (NeverTheSame(), "other bytes the second time"),
        (WritesToTheDataset(), "writes to the dataset"),
    ],
)
def test_a_broken_exporter_is_caught(broken, complaint) -> None:
    check_exporter(Names())

    with pytest.raises(PluginError, match=complaint):
        check_exporter(broken)


def contrast(region) -> float | None:
    return float(np.ptp(region.pixels[region.inside])) + 1


def drifting(region) -> float | None:
    return float(np.random.rand())  # noqa: NPY002 - the mistake under test


def silent(region) -> float | None:
    return None


def in_words(region) -> float | None:
    return "much"


def marking(region) -> float | None:
    region.inside[:] = True
    return 1.0


HONEST = Term(
    "contrast",
    "utility",
    0.2,
    "low",
    contrast,
    too_low="it is flat",
    curve=Plateau(low=5, high=300, low_width=1, high_width=1),
)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"curve": None}, "it needs one"),
        ({"too_low": ""}, "no words say so"),
        ({"measure": drifting}, "of one region"),
        ({"measure": silent}, "none of the regions"),
        ({"measure": in_words}, "neither a number nor None"),
        ({"measure": marking}, "the mask was changed in place"),
        ({"measure": lambda region: 1.0}, "cannot be sent to a worker"),
        ({"weight": 0.0}, "above 0"),
        ({"name": "two words"}, "use letters"),
        ({"role": "beauty"}, "fidelity or utility"),
    ],
)
def test_a_broken_term_is_caught(changes, complaint) -> None:
    check_term(HONEST)

    with pytest.raises(PluginError, match=complaint):
        check_term(replace(HONEST, **changes))


def test_a_class_in_place_of_an_exporter_or_a_term_is_named() -> None:
    with pytest.raises(PluginError, match="an instance of Exporter, got the class Names"):
        check_exporter(Names)
    with pytest.raises(PluginError, match="an instance of Term, got the class Term"):
        check_term(Term)


class Flat(Scorer):
    """Finds every picture equally good."""

    kind: Literal["flat"] = "flat"
    value: float = parameter(0.5, "share", "the score")

    def prepare(self):
        pass

    def score(self, image, mask, *, original=None, residuals=None):
        return Quality(self.value, self.value, self.value)


class Moody(Flat):
    def score(self, image, mask, *, original=None, residuals=None):
        return Quality(np.random.rand(), 1.0, 1.0)  # noqa: NPY002 - the mistake under test


@pytest.mark.parametrize(
    ("broken", "complaint"), [(Flat(value=2), r"2.0 is not in \[0, 1\]"), (Moody(), "two scores")]
)
def test_a_broken_scorer_is_caught(broken, complaint) -> None:
    check_scorer(Flat())

    with pytest.raises(PluginError, match=complaint):
        check_scorer(broken)


OPTIMISED = """
from typing import Literal
from anomsynth.plugins import PluginError, Refiner, check_refiner

class Nothing(Refiner):
    kind: Literal["nothing"] = "nothing"
    def refine(self, change, surface, rng):
        change.after[:] = 1
        return change

assert False, "asserts are on"
try:
    check_refiner(Nothing())
except PluginError as error:
    print("caught:", error)
"""


def test_checks_check_under_python_without_asserts() -> None:
    done = subprocess.run(
        [sys.executable, "-O", "-c", OPTIMISED], capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith("caught: "), done.stderr

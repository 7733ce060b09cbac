"""Makes the layers that real defects are compared with, in this process or in several."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2

from anomsynth.core.types import Surface
from anomsynth.fitting.cache import LayerCache
from anomsynth.fitting.candidates import Suspect
from anomsynth.fitting.simulate import Layers, simulate
from anomsynth.pipeline.backends import count_workers, in_processes
from anomsynth.pipeline.worker import in_child
from anomsynth.recipe.models import Recipe

Work = tuple[int, range]  # number of a candidate, and which of its draws
Progress = Callable[[int, int], object]  # layers made, layers to make


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What is tried on what.

    Attributes
    ----------
    candidates : tuple of Suspect
    surfaces : tuple of Surface
        Good photos.
    base : Recipe
        Gives material, scale and the like.
    """

    candidates: tuple[Suspect, ...]
    surfaces: tuple[Surface, ...]
    base: Recipe


class LayerMaker:
    """Makes layers, keeps them, and says how far it is.

    Parameters
    ----------
    trial : Trial
    cache : LayerCache
    jobs : int
        Worker processes; -1 is one per core. What is made does not depend on it.
    tell : function of layers made and to be made, optional

    Attributes
    ----------
    layers : dict of candidate's number -> list of Layers
    """

    def __init__(
        self, trial: Trial, cache: LayerCache, jobs: int = 1, tell: Progress | None = None
    ) -> None:
        self.trial = trial
        self.layers: dict[int, list[Layers]] = {}
        self._cache, self._tell = cache, tell
        self._workers = count_workers(jobs)
        self._done = self._total = 0

    def expect(self, total: int) -> None:
        """Say how many layers will be asked for."""
        self._total = total

    def make(self, works: Sequence[Work]) -> None:
        """Make layers, or take them from the cache."""
        missing = []
        for number, indices in works:
            found = self._cache.get(self.trial.candidates[number], indices)
            if found is None:
                missing.append((number, indices))
            else:
                self._keep(number, indices, found)
        for (number, indices), found in zip(missing, self._made(missing), strict=True):
            self._cache.put(self.trial.candidates[number], indices, found)
            self._keep(number, indices, found)

    def _keep(self, number: int, indices: range, found: Layers) -> None:
        if len(found.index):
            self.layers.setdefault(number, []).append(found)
        self._done += len(indices)
        if self._tell is not None:
            self._tell(self._done, self._total)

    def _made(self, works: Sequence[Work]) -> Iterator[Layers]:
        trial = self.trial
        if self._workers == 1 or len(works) < 2:
            threads = cv2.getNumThreads()
            cv2.setNumThreads(1)
            try:
                for number, indices in works:
                    yield simulate(trial.candidates[number], trial.surfaces, trial.base, indices)
            finally:
                cv2.setNumThreads(threads)
            return
        import joblib  # noqa: PLC0415 - slow to import, not needed for one process

        with in_processes():
            pool = joblib.Parallel(n_jobs=self._workers, return_as="generator", batch_size=1)
            yield from pool(
                joblib.delayed(in_child)(
                    simulate, trial.candidates[number], trial.surfaces, trial.base, indices
                )
                for number, indices in works
            )

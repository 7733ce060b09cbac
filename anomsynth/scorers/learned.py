"""The quality that a training learned: how much samples taught a detector."""

from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import parameter
from anomsynth.core.sample import Quality
from anomsynth.core.types import Mask
from anomsynth.errors import MissingExtraError
from anomsynth.sqe.scorer import Scorer

if TYPE_CHECKING:
    from anomsynth.bisqad.evaluation.learned_sqe import LearnedSqe


class Learned(Scorer):
    """How a bi-level training would weigh a sample: of twice the score, twice the weight."""

    spreads: ClassVar[bool] = True

    kind: Literal["learned"] = "learned"
    run: Path = parameter(..., "", "Folder of a training with bi-level weights.")

    def prepare(self) -> None:
        """Load the run; see the base class."""
        _ = self._learned

    def score(
        self,
        image: NDArray[np.generic],
        mask: Mask,
        *,
        original: NDArray[np.generic] | None = None,
        residuals: Mapping[str, float] | None = None,
    ) -> Quality:
        """Return what the run's network says, with the terms of the estimator."""
        del residuals  # the network learned without them
        return self._learned.score(image, mask, original=original)

    @cached_property
    def _learned(self) -> "LearnedSqe":
        missing = [name for name in ("torch", "safetensors") if find_spec(name) is None]
        if missing:
            hint = "pip install 'anomsynth[train]'"
            raise MissingExtraError(f"a learned score needs {', '.join(missing)}", hint=hint)
        from anomsynth.bisqad.evaluation.learned_sqe import LearnedSqe  # noqa: PLC0415 - imports torch

        return LearnedSqe.load(self.run)

"""The quality that a training learned, for samples it never saw."""

from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from anomsynth.bisqad.data.images import mask_tensor, photo_tensor
from anomsynth.bisqad.data.pool import cell_shares
from anomsynth.bisqad.model.checkpoint import fill, load_tensors
from anomsynth.bisqad.model.quality_inputs import (
    TERM_NAMES,
    logits_of,
    normal_features,
    pool_features,
    pooled_names,
)
from anomsynth.bisqad.model.run import Run, load_run
from anomsynth.bisqad.model.run_config import SQE
from anomsynth.bisqad.model.sqe_net import SqeNet
from anomsynth.core.photo import as_photo
from anomsynth.core.sample import Quality
from anomsynth.core.types import Mask
from anomsynth.errors import InputError
from anomsynth.sqe.estimator import Estimator


class LearnedSqe:
    """Scores labelled images as a bi-level training weighed its samples.

    Parameters
    ----------
    run : Run
        Its backbone and detector give the features and what is normal.
    net : SqeNet
    """

    def __init__(self, run: Run, net: SqeNet) -> None:
        self._run, self._net = run, net
        self._estimator = Estimator.default()

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu") -> Self:
        """Load what a training learned.

        Raises
        ------
        InputError
            If the folder is not a finished run with bi-level weights, or its files do not fit.
        UserError
            If the device is not there.
        """
        run = load_run(folder, device=device)
        path = folder / SQE
        if not path.is_file():
            hint = "train with `weights='bilevel'`"
            raise InputError(f"{path}: missing: this run learned no quality", hint=hint)
        tensors, about = load_tensors(path, "learned SQE")
        names = (*TERM_NAMES, *pooled_names(len(run.config.channels)))
        found = about.get("names")
        if found != list(names):
            hint = "score with the version of anomsynth that trained it"
            raise InputError(
                f"{path}: was learned from other terms than this version has", hint=hint
            )
        net = SqeNet(names)
        fill(net, tensors, path)
        return cls(run, net.eval())

    @torch.no_grad()
    def score(
        self, image: NDArray[np.generic], mask: Mask, *, original: NDArray[np.generic] | None = None
    ) -> Quality:
        """Score one labelled image.

        The score is ``sigmoid(logit)``: of one kind, samples of twice the score had twice the
        weight. The terms and reasons are those of the hand-made estimator.

        Parameters
        ----------
        image : (H, W) or (H, W, C) uint8 or uint16
        mask : (H, W) bool
        original : ignored
            The network learned without the good photo.

        Raises
        ------
        InputError
            If an array is of an unsupported type or shape, or they differ in size.
        """
        del original
        quality = self._estimator.score(image, mask)
        if not mask.any():
            return quality
        run = self._run
        tensor = photo_tensor(as_photo(image), run.config.size, grey=run.config.grey)
        features = run.backbone(tensor[None].to(run.device))
        shares = cell_shares(mask_tensor(mask, run.config.size)[None]).to(run.device)
        pooled = pool_features(features, shares, normal_features(run.detector))[0].cpu()
        terms = torch.tensor(logits_of(quality), dtype=torch.float32)
        logit = self._net(torch.cat([terms, pooled])[None])
        return replace(quality, score=float(torch.sigmoid(logit)))

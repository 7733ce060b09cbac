"""Models of the normal beside a trained detector: fitted to the same photos, tested on the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anomsynth.bisqad.data.samples import find_split
from anomsynth.bisqad.detector import detectors
from anomsynth.bisqad.model.run_config import RunConfig, read_config
from anomsynth.bisqad.options import TrainOptions, TrainPlan
from anomsynth.bisqad.plans import EvaluatePlan
from anomsynth.bisqad.training.train import train
from anomsynth.errors import InputError


@dataclass(frozen=True, slots=True)
class ReferenceFits:
    """Says how references of an evaluation are fitted, and does it when it is called.

    Attributes
    ----------
    plan : EvaluatePlan
    dataset : Path
        That the run has learned from.
    options : tuple of TrainOptions
        One for each reference.
    """

    plan: EvaluatePlan
    dataset: Path
    options: tuple[TrainOptions, ...]

    def __call__(self, folder: Path) -> Mapping[str, Path]:
        """Fit the references into a folder; return that of each run by kind."""
        runs = {}
        for options in self.options:
            kind = options.detector.kind
            runs[kind] = folder / kind
            plan = TrainPlan(
                self.dataset,
                runs[kind],
                options,
                device=self.plan.device,
                threads=self.plan.threads,
                cache=folder / "features",
            )
            train(plan)
        return runs


def plan_references(plan: EvaluatePlan) -> ReferenceFits:
    """Return how the references that a plan names are fitted: as the run, to its good photos.

    Raises
    ------
    InputError
        If the run does not say what it has learned from, or that is gone.
    """
    config = read_config(plan.run)
    dataset = config.training.get("dataset")
    if not isinstance(dataset, str):
        msg = f"{plan.run}: does not say what it has learned from, which references need, too"
        raise InputError(msg, hint="leave out `reference`, or train again")
    options = tuple(_options(config, kind) for kind in plan.references)
    try:
        find_split(Path(dataset), options[0])
    except InputError as error:
        msg = f"`reference`: the run has learned from photos that cannot be read any more: {error}"
        raise InputError(msg, hint="put the dataset back, or leave out `reference`") from error
    return ReferenceFits(plan, Path(dataset), options)


def _options(config: RunConfig, kind: str) -> TrainOptions:
    known = config.training
    category, layout, seed = (known.get(name) for name in ("category", "source_layout", "seed"))
    return TrainOptions(
        category=category if isinstance(category, str) else None,
        unified=bool(known.get("unified")),
        backbone=config.backbone,
        detector=detectors.build({"kind": kind}),
        size=config.size,
        tile=config.tile,
        seed=seed if isinstance(seed, int) else 0,
        source_layout=layout if isinstance(layout, str) else None,
    )

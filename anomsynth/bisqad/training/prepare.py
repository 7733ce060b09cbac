"""What has to be there before the first step: images, features, a detector, weights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import torch
from lightning_fabric import Fabric

from anomsynth.bisqad.bilevel.reweighting import FixedWeights, LearnedWeights
from anomsynth.bisqad.bilevel.weights import weights_of
from anomsynth.bisqad.data.feature_cache import CachedExtractor
from anomsynth.bisqad.data.fresh import fresh_defects, spoiled
from anomsynth.bisqad.data.held_out import by_category
from anomsynth.bisqad.data.images import is_grey
from anomsynth.bisqad.data.item import Item
from anomsynth.bisqad.data.pool import Extractor, Measure, Pool
from anomsynth.bisqad.data.samples import Split, count_photos
from anomsynth.bisqad.data.spoil import choose_faults
from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.backbone import Backbone, load_backbone
from anomsynth.bisqad.model.network import DetectorNetwork
from anomsynth.bisqad.model.product_references import build_network
from anomsynth.bisqad.model.quality_inputs import (
    TERM_NAMES,
    logit,
    normal_features,
    pool_features,
    pooled_names,
    term_measure,
)
from anomsynth.bisqad.model.sqe_net import SqeNet
from anomsynth.bisqad.options import TrainOptions, TrainPlan
from anomsynth.bisqad.training.disturbance import Disturbance
from anomsynth.bisqad.training.events import FeaturesDone, ImageSkipped, Prepared, TrainListener
from anomsynth.bisqad.training.loop import Loop, Pools
from anomsynth.bisqad.training.side_maps import SideMaps
from anomsynth.errors import InputError, UserError

VIEWS = 2  # of each image: as it is, and mirrored with other brightness
COLOUR_CHECKED = 30  # photos of each category that tell whether there is colour
ENOUGH_NORMALS = 20  # held-out normal photos that suffice for a threshold
ONLINE_PERIOD = 4  # epochs after which every defect made on the fly is another one
MOST_SIZES = 3  # groups of about one area within a kind of defects
LEAST_GROUP = 8  # samples that such a group has


@dataclass(slots=True, eq=False)
class PreparedDetector:
    """A detector that knows what is normal, and the images it may learn more from.

    Attributes
    ----------
    split : Split
    backbone : Backbone
    grey : bool
    extractor : CachedExtractor
    detector : DetectorNetwork
    pools : Pools
    options : TrainOptions
    skipped : int
        Images that could not be used.
    measure : callable or None
    """

    split: Split
    backbone: Backbone
    grey: bool
    extractor: CachedExtractor
    detector: DetectorNetwork
    pools: Pools
    options: TrainOptions
    progress: "_FeatureProgress"
    measure: Measure | None = None

    @property
    def skipped(self) -> int:
        """Images that could not be used so far."""
        return self.progress.skipped

    @property
    def threshold_normals(self) -> list[Pool]:
        """Good photos whose maps may tell where defects begin."""
        if not self.options.detector.takes_steps:
            return [self.pools.held_normals, self.pools.normals]  # all of them held out once
        enough = len(self.pools.held_normals) >= ENOUGH_NORMALS
        return [self.pools.held_normals if enough else self.pools.normals]


@dataclass(slots=True, eq=False)
class PreparedTraining(PreparedDetector):
    """A training that can begin.

    Attributes
    ----------
    loop : Loop
    """

    loop: Loop = field(kw_only=True)

    def regenerate(self, epoch: int) -> None:
        """Make a quarter of the defects anew before this epoch (from 0), if that is wanted."""
        if not self.options.online or epoch == 0:
            return
        place = torch.arange(epoch % ONLINE_PERIOD, len(self.loop.defects), ONLINE_PERIOD)
        items = fresh_defects(self.split, len(place), self.options.seed, epoch)
        pool = self.extractor.pool(items, views=VIEWS, measure=self.measure)
        SideMaps(self.detector).add(pool)
        place = place[: len(pool)]
        self.loop.defects.replace(place, pool)
        if self.pools.sources is not None:
            before = self.extractor.pool([item.before for item in pool.items], views=VIEWS)
            self.pools.sources.replace(place, before)
        weights = self.loop.weights
        if isinstance(weights, LearnedWeights):
            inputs = quality_inputs(pool, self.loop.detector)
            weights.renew(place, inputs, weight_groups(self.loop.defects))
        elif self.options.weighting == "sqe":
            weights.values = sqe_weights(self.loop.defects)

    def regenerate_up_to(self, epoch: int) -> None:
        """Bring the defects to where they were in this epoch, for a resumed run."""
        for turn in range(max(epoch - ONLINE_PERIOD, 0) + 1, epoch + 1):
            self.regenerate(turn)


@dataclass(slots=True)
class _FeatureProgress:
    """Counts images while features are computed, and says so."""

    on_event: TrainListener
    total: int
    done: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)

    def skip(self, item: Item, error: Exception) -> None:
        self.skipped += 1
        hint = error.hint if isinstance(error, UserError) else ""
        self.on_event(ImageSkipped(str(item.image), str(error), hint))
        self.reasons.append(str(error))
        self.count()

    def count(self) -> None:
        self.done += 1
        if self.done <= self.total:
            self.on_event(FeaturesDone(self.done, self.total))


def prepare(
    plan: TrainPlan, split: Split, device: torch.device, on_event: TrainListener
) -> PreparedTraining:
    """Compute the features of all images, build detector and weights.

    Parameters
    ----------
    plan : TrainPlan
    split : Split
    device : torch.device
    on_event : callable

    Raises
    ------
    InputError
        If no image of a class can be used.
    """
    done = prepare_detector(plan, split, device, on_event)
    weights = _weights(plan.options, done.pools.defects, done.detector)
    pools, noise = done.pools, plan.options.noise
    if noise is not None:
        pools = replace(pools, disturbance=Disturbance.of(noise, done.detector, pools.normals))
    loop = Loop(_fabric(device), done.detector, pools, weights, plan.options.seed)
    known = {item.name: getattr(done, item.name) for item in fields(done)}
    return PreparedTraining(**known, loop=loop)


def prepare_detector(
    plan: TrainPlan, split: Split, device: torch.device, on_event: TrainListener
) -> PreparedDetector:
    """Compute the features of all images, and build a detector that knows the normal.

    Defects are passed over where the detector does not learn from them. See `prepare`.
    """
    options, dataset = plan.options, plan.dataset
    needed = options.detector.learns_defects
    defects = split.defects if needed else ()
    if options.spoil:
        faults = choose_faults([item.id for item in defects], options.spoil, options.seed)
        defects = spoiled(defects, faults, options.seed)
    learns = needed and options.weighting == "bilevel"
    asked = learns or options.detector.asks_trusted
    trusted = split.held_defects if asked else ()
    on_event(
        Prepared(
            count_photos(split.normals),
            len(defects),
            count_photos(split.held_normals),
            len(split.held_defects) if needed else 0,
            tile=split.tile,
        )
    )
    backbone = load_backbone(options.backbone, device=device)
    grey = _all_grey((*_first(split.normals), *_first(defects)))
    progress = _FeatureProgress(
        on_event,
        len(split.normals)
        + len(defects) * (1 + options.detector.asks_sources)
        + len(split.held_normals)
        + len(trusted),
    )
    extractor = CachedExtractor(
        Extractor(backbone, options.size, device, grey, plan.out, progress.skip, progress.count),
        plan.cache,
    )
    known = all(item.score is not None for item in defects)
    asks = needed and options.weighting != "uniform" and not known
    measure = term_measure() if asks else None
    normals = extractor.pool(split.normals, views=VIEWS)
    _check_usable(dataset, normals, "good photos", progress)
    marked = extractor.pool(defects, views=VIEWS, measure=measure)
    if needed:
        _check_usable(dataset, marked, "defects", progress)
    sources = None
    if options.detector.asks_sources:
        marked, sources = _paired(marked, extractor)
        _check_usable(dataset, marked, "photos that defects were made from", progress)
    held = (extractor.pool(split.held_normals), extractor.pool(trusted))
    pools = Pools(normals, marked, *held, sources)
    if learns:
        _check_usable(options.val or dataset, pools.held_defects, "trusted defects", progress)
    generator = torch.Generator().manual_seed(options.seed)
    products = len({item.category for item in normals.items})
    shapes = FeatureShapes(backbone.channels, backbone.strides, options.size, products)
    detector = build_network(options.detector, shapes, generator).to(device)
    side_maps = SideMaps(detector)
    side_maps.learn(normals)
    for pool in (marked, pools.held_normals, pools.held_defects):
        side_maps.add(pool)
    return PreparedDetector(
        split, backbone, grey, extractor, detector, pools, options, progress, measure
    )


def _paired(marked: Pool, extractor: CachedExtractor) -> tuple[Pool, Pool]:
    """Return the defects whose photos before can be read, and these photos, in one order."""
    sources = extractor.pool([item.before for item in marked.items], views=VIEWS)
    known = {item.id for item in sources.items}
    if len(known) < len(marked):
        here = [at for at, item in enumerate(marked.items) if item.id in known]
        marked = marked.kept(torch.tensor(here, dtype=torch.int64))
    return marked, sources


def _weights(
    options: TrainOptions, pool: Pool, detector: DetectorNetwork
) -> FixedWeights | LearnedWeights:
    if options.weighting == "uniform" or not len(pool):
        return FixedWeights(torch.ones(len(pool)))
    if options.weighting == "sqe":
        return FixedWeights(sqe_weights(pool))
    inputs = quality_inputs(pool, detector)
    names = (*TERM_NAMES, *pooled_names(len(detector.channels)))
    net = SqeNet(names)
    net.standardise_by(inputs)
    return LearnedWeights(net, inputs, weight_groups(pool), options.hypergrad or "implicit")


def sqe_weights(pool: Pool) -> torch.Tensor:
    """Return weights (N,) in proportion to the hand-made quality, within groups."""
    scores = [item.score for item in pool.items if item.score is not None]
    known = len(scores) == len(pool)
    quality = torch.tensor([logit(score) for score in scores]) if known else pool.measured[:, 0]
    return weights_of(quality, weight_groups(pool))


def weight_groups(pool: Pool) -> torch.Tensor:
    """Return the number (N,) of each defect's group: its kind, by category, and a third by area.

    Trusted losses are sums over pixels, so that large defects promise more than small ones of the
    same quality; within a group of about one area, weights are left to quality.
    """
    areas = pool.masks[0].flatten(1).float().sum(1)
    members: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(pool.items):
        members.setdefault((item.category, item.kind), []).append(place)
    groups: list[torch.Tensor] = []
    for name in sorted(members):
        places = torch.tensor(members[name])
        parts = min(max(len(places) // LEAST_GROUP, 1), MOST_SIZES)
        groups += torch.tensor_split(places[areas[places].argsort(stable=True)], parts)
    numbers = torch.zeros(len(pool), dtype=torch.int64)
    for number, places in enumerate(groups):
        numbers[places] = number
    return numbers


@torch.no_grad()
def quality_inputs(pool: Pool, detector: DetectorNetwork) -> torch.Tensor:
    """Return what the quality network sees of each sample, (N, k)."""
    normal = normal_features(detector)
    pooled = [pool_features(batch.features, batch.masks, normal) for batch in pool.batches()]
    return torch.cat([pool.measured, torch.cat(pooled).cpu()], dim=1)


def _fabric(device: torch.device) -> Fabric:
    accelerator = "gpu" if device.type == "cuda" else device.type
    devices = 1 if device.index is None or device.type == "cpu" else [device.index]
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return Fabric(accelerator=accelerator, devices=devices, precision="bf16-mixed")
    return Fabric(accelerator=accelerator, devices=devices, precision="32-true")


def _first(items: Sequence[Item]) -> list[Item]:
    """Return the first images of each category: one may be grey, another in colour."""
    return [item for part in by_category(items) for item in part[:COLOUR_CHECKED]]


def _all_grey(items: Iterable[Item]) -> bool:
    for item in items:
        try:
            pixels = item.reader(item.image).pixels
        except InputError:  # said when its features are wanted
            continue
        if not is_grey(pixels):
            return False
    return True


def _check_usable(where: Path, pool: Pool, what: str, progress: _FeatureProgress) -> None:
    if len(pool) == 0:
        reason = f", e.g. {progress.reasons[0]}" if progress.reasons else ""
        raise InputError(f"{where}: none of its {what} can be used{reason}")

"""The training loop: batches, steps, the search for weights, and all a resumed run needs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from lightning_fabric import Fabric
from torch import Tensor

from anomsynth.bisqad.bilevel.flat_detector import FlatDetector
from anomsynth.bisqad.bilevel.reweighting import CheckBatches, FixedWeights, LearnedWeights
from anomsynth.bisqad.data.pool import Batch, Pool
from anomsynth.bisqad.model.checkpoint import adam_state, restore_adam, take_prefix
from anomsynth.bisqad.model.network import DetectorNetwork
from anomsynth.bisqad.training.disturbance import Disturbance

DEFECTS, NORMALS = 10, 6  # of a batch
DECAY = 1e-4  # of AdamW
WARM = 0.1  # share of the steps in which the rate rises, and weights stay as they begin
SEARCH = 0.4  # steps on which weights are learned, over those that then train the detector
LONGEST_STEP = 5.0  # gradients are cut to this norm
ROUNDING = 1e-9  # of shares
RAMP = 0.5  # share of the training proper in which learned weights come into force
HYPERGRADIENT_EVERY = 5  # steps between two hypergradients
ASKED = 64  # samples whose slopes one check measures
TRUSTED = (24, 12)  # defects and normals of an outer batch


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """Everything the loop draws from."""

    normals: Pool
    defects: Pool
    held_normals: Pool
    held_defects: Pool
    sources: Pool | None = None  # of the defects, in the same order
    disturbance: Disturbance | None = None  # of good photos' features


class Queue:
    """Gives places 0..n-1 in random order, each once before any comes again.

    Parameters
    ----------
    count : int
    generator : torch.Generator
        Shared with whoever else draws.
    """

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self._count, self._generator = count, generator
        self.rest = torch.zeros(0, dtype=torch.int64)

    def take(self, number: int) -> Tensor:
        """Return the next places (number,)."""
        while len(self.rest) < number:
            order = torch.randperm(self._count, generator=self._generator)
            self.rest = torch.cat([self.rest, order])
        taken, self.rest = self.rest[:number], self.rest[number:]
        return taken


class Loop:
    """Trains a detector on pools of features.

    Where weights are learned, they are searched for with a first detector, by its hypergradients.
    Then the detector begins anew, on the same batches as with equal weights, which the learned ones
    replace little by little over the first half: early on a detector learns from spoiled samples,
    too, that something is wrong, later they only teach it wrong outlines.

    Parameters
    ----------
    fabric : Fabric
        Device and precision.
    detector : DetectorNetwork
    pools : Pools
    weights : FixedWeights or LearnedWeights
        Of the defects; normal photos weigh 1.
    seed : int
    """

    def __init__(
        self,
        fabric: Fabric,
        detector: DetectorNetwork,
        pools: Pools,
        weights: FixedWeights | LearnedWeights,
        seed: int,
    ) -> None:
        self._fabric, self.detector, self._pools, self.weights = fabric, detector, pools, weights
        self._flat = FlatDetector(detector)
        self._adam = torch.optim.AdamW(detector.parameters(), lr=detector.rate, weight_decay=DECAY)
        self._model, self._optimizer = fabric.setup(detector, self._adam)
        self._model.mark_forward_method("losses")
        self._generator = torch.Generator().manual_seed(seed)
        defects, trusted = len(pools.defects), len(pools.held_defects)
        # Every third trusted sample decides when to stop, the others on the weights.
        marked = torch.arange(trusted)
        self._trusted_defects = [marked[marked % 3 != 2], marked[marked % 3 == 2]]
        good = torch.arange(len(pools.held_normals))
        self._trusted_normals = [good[good % 3 != 2], good[good % 3 == 2]]
        counts = {
            "defects": defects,
            "normals": len(pools.normals),
            "asked": defects,
            "outer": len(self._trusted_defects[0]),
            "good": len(self._trusted_normals[0]),
        }
        self._queues = {name: Queue(count, self._generator) for name, count in counts.items()}
        self.step = 0
        self.defects = pools.defects
        self._learned = weights if isinstance(weights, LearnedWeights) else None
        self._searching = self._learned is not None
        self._first = self._parameters()
        self._first_draw = self._generator.get_state()

    @property
    def steps_per_epoch(self) -> int:
        """Steps in which every defect is seen once, or every good photo where there are none."""
        if len(self._pools.defects):
            return math.ceil(len(self._pools.defects) / DEFECTS)
        return math.ceil(len(self._pools.normals) / (DEFECTS + NORMALS))

    def steps_for(self, epochs: int) -> int:
        """Return the steps of so many epochs, and of the search for weights."""
        steps = epochs * self.steps_per_epoch
        return steps if self._learned is None else round((1 + SEARCH) * steps)

    def train_step(self, share: float) -> dict[str, float]:
        """Take one step; `share` in [0, 1] says how much of the training is behind it.

        Returns
        -------
        dict
            loss, and after a hypergradient the losses on trusted data.
        """
        if self._learned is not None:
            share = self._share_of_phase(share)
        rate = self.detector.rate * schedule(share)
        for group in self._adam.param_groups:
            group["lr"] = rate
        batch, index = self._mixed()
        if self._pools.disturbance is not None:
            batch = self._pools.disturbance.applied(batch, len(index), self._generator)
        weights = torch.ones(len(batch))
        weights[: len(index)] = self.weights.values[index]
        if self._learned is not None and not self._searching:
            weights = ramped(weights, share)
        keep = self.detector.draw_keep(len(batch), self._generator)
        losses = self._model.losses(batch.features, batch.masks, keep, batch.before)
        loss = (losses * weights.to(losses.device)).mean()
        self._optimizer.zero_grad()
        self._fabric.backward(loss)
        self._fabric.clip_gradients(self._model, self._optimizer, max_norm=LONGEST_STEP)
        self._optimizer.step()
        self.step += 1
        record = {"loss": float(loss.detach())}
        due = self._searching and share >= WARM and self.step % HYPERGRADIENT_EVERY == 0
        if self._learned is not None and due:
            record |= self._learned.check(self._flat, self._check_batches(), rate)
        return record

    def state(self) -> dict[str, Tensor]:
        """Return all that changes, as tensors."""
        # What is known of the normal is learned again, from the same photos.
        model = {f"model.{name}": value for name, value in self._parameters().items()}
        queues = {f"queue.{name}": queue.rest for name, queue in self._queues.items()}
        own = {
            "step": torch.tensor(self.step),
            "scouting": torch.tensor(self._searching),
            "generator": self._generator.get_state(),
        }
        learned = {}
        if self._learned is not None:
            learned = {f"sqe.{name}": value for name, value in self._learned.state().items()}
        return {**model, **queues, **own, **learned, **adam_state(self._adam)}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `state` returned."""
        self._set_parameters(take_prefix(tensors, "model."))
        restore_adam(self._adam, tensors)
        for name, queue in self._queues.items():
            queue.rest = tensors[f"queue.{name}"].clone()
        self.step = int(tensors["step"])
        self._searching = bool(tensors["scouting"])
        self._generator.set_state(tensors["generator"])
        if self._learned is not None:
            self._learned.restore(take_prefix(tensors, "sqe."))

    def _parameters(self) -> dict[str, Tensor]:
        named = self.detector.named_parameters()
        return {name: value.detach().clone() for name, value in named}

    @torch.no_grad()
    def _set_parameters(self, values: Mapping[str, Tensor]) -> None:
        for name, parameter in self.detector.named_parameters():
            parameter.copy_(values[name])

    def _share_of_phase(self, share: float) -> float:
        """Return how much of the search or of training proper is over; begin the latter in time."""
        search = SEARCH / (1 + SEARCH)
        if self._searching and share < search - ROUNDING:
            return share / search
        if self._searching:
            self._searching = False
            self._set_parameters(self._first)
            self._adam.state.clear()
            for queue in self._queues.values():
                queue.rest = queue.rest[:0]
            # The same batches as in a training with given weights.
            self._generator.set_state(self._first_draw)
        return (share - search) / (1 - search)

    def _mixed(self, part: int = 1) -> tuple[Batch, Tensor]:
        """Return defects and then normals, and the places of the defects; a batch or a part."""
        defects = min(DEFECTS // part, len(self._pools.defects))
        index = self._queues["defects"].take(defects)
        marked = None
        if defects:
            marked = self._marked(index)
        normals = NORMALS if defects else DEFECTS + NORMALS
        good = self._queues["normals"].take(min(normals // part, len(self._pools.normals)))
        batch = self._pools.normals.batch(good, self._views(self._pools.normals, len(good)))
        if self._pools.sources is not None:
            batch = replace(batch, before=batch.features)
        return batch if marked is None else marked.joined(batch), index

    def _marked(self, index: Tensor) -> Batch:
        views, sources = self._views(self._pools.defects, len(index)), self._pools.sources
        batch = self._pools.defects.batch(index, views)
        if sources is None:
            return batch
        return replace(batch, before=sources.batch(index, views).features)

    def _views(self, pool: Pool, count: int) -> Tensor:
        return torch.randint(pool.views, (count,), generator=self._generator)

    def _check_batches(self) -> CheckBatches:
        asked = self._queues["asked"].take(min(ASKED, len(self._pools.defects)))
        mixed, index = self._mixed(2)
        return CheckBatches(
            index=asked,
            samples=self._pools.defects.batch(asked),
            mixed=mixed,
            mixed_index=index,
            outer=self._drawn_outer(),
            second=self._second(),
        )

    def _drawn_outer(self) -> Batch:
        defects, normals = self._trusted_defects[0], self._trusted_normals[0]
        marked = defects[self._queues["outer"].take(min(TRUSTED[0], len(defects)))]
        return self._trusted(
            marked, normals[self._queues["good"].take(min(TRUSTED[1], len(normals)))]
        )

    def _second(self) -> Batch:
        # The same samples each time: from other ones each time, the loss would jump by a tenth.
        part = 1 if len(self._trusted_defects[1]) else 0
        defects, normals = self._trusted_defects[part], self._trusted_normals[part]
        return self._trusted(defects[: TRUSTED[0]], normals[: TRUSTED[1]])

    def _trusted(self, marked: Tensor, good: Tensor) -> Batch:
        batch = self._pools.held_defects.batch(marked)
        return batch.joined(self._pools.held_normals.batch(good)) if len(good) else batch


def schedule(share: float) -> float:
    """Return the learning rate as a share of its peak: it rises for a tenth, then falls to 0."""
    if share < WARM:
        return 0.04 + 0.96 * (1 - math.cos(math.pi * share / WARM)) / 2
    return (1 + math.cos(math.pi * min((share - WARM) / (1 - WARM), 1))) / 2


def ramped(weights: Tensor, share: float) -> Tensor:
    """Return weights that grow out of equal ones while `share` in [0, 1] of a training passes.

    Measured on 600 samples, 30 % of them spoiled: in force from the start, learned weights cost
    0.7 points of image AUROC against equal ones, for filled-in defects are defective images all
    the same; ramped over half of the training they cost none.
    """
    return 1 + (weights - 1) * min(share / RAMP, 1.0)

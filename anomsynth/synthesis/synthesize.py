"""One sample: draw defects, render, refine and label them on one photo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode, encode_levels
from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.photo import Photo
from anomsynth.core.pixels import by_blocks
from anomsynth.core.rng import checked_seed, stream
from anomsynth.core.roles import Generator
from anomsynth.core.sample import Sample
from anomsynth.core.types import Box, Float32, SampleKey, Surface
from anomsynth.errors import RecipeError, RejectedError, SynthesisError
from anomsynth.recipe.models import Recipe, Severity
from anomsynth.sqe.samples import rate_sample, written_scores
from anomsynth.synthesis.canvas import Canvas
from anomsynth.synthesis.choice import pick_mechanism
from anomsynth.synthesis.lights import lit_surface
from anomsynth.synthesis.render import prepare, render
from anomsynth.synthesis.scanned import (
    ScannedSurface,
    recipe_for_scan,
    relief_only,
)
from anomsynth.synthesis.scene import Scene, crop_layer, make_scene, on_box
from anomsynth.synthesis.surfaces import as_recipe_wants, surface_of
from anomsynth.synthesis.transmission import rays_of
from anomsynth.synthesis.views import ViewedSurface, around_all, is_same_shape
from anomsynth.synthesis.visibility import (
    TOLERANCE,
    full_strength,
    keep_visibility,
    least_visible,
    solve_gain,
    visibility_at,
)

Streams = Sequence[np.random.Generator]  # one for each refiner, used by its hooks in turn

MARGIN = 18  # pixels around a defect: the ring its surroundings are measured on
TRIES_PER_MECHANISM = 6
LATER_ATTEMPTS = 8  # at a defect after the first


def synthesize(
    image: NDArray[np.generic] | Photo | Surface,
    recipe: Recipe,
    *,
    seed: int | None = None,
    key: SampleKey | None = None,
) -> Sample:
    """Damage one photo of a good part and say exactly where.

    A pure function: the same arguments give the same arrays, whatever else runs or ran.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, uint16 or float, Photo, or Surface
        C = 1, 2 (grey + alpha), 3 or 4 (RGBA). A `Surface` from `analyze` saves analysing the
        same photo again for every sample.
    recipe : Recipe
    seed : int, optional
        Run seed; the recipe's own by default.
    key : SampleKey, optional
        Names the sample; another key is another sample.

    Returns
    -------
    Sample
        `image` has dtype, size and channels of the input; pixels outside the strict mask equal
        the input's bit for bit.

    Raises
    ------
    InputError
        If `image` is not an image array of a supported type and shape.
    RecipeError
        If `recipe` is not a Recipe, or the seed is negative.
    SynthesisError
        If no defect could be placed, or none was visible, within the recipe's attempts.
    """
    if not isinstance(recipe, Recipe):
        msg = f"recipe: expected a Recipe, got {recipe!r}"
        raise RecipeError(msg, hint="make one with load_recipe")
    seed = recipe.seed if seed is None else checked_seed(seed)
    if isinstance(image, Surface):
        surface = as_recipe_wants(image, recipe)
    else:
        surface = surface_of(image, recipe)
    if isinstance(surface, ScannedSurface):
        recipe = recipe_for_scan(recipe, shaded=surface.shaded)
    key = key or SampleKey("", "", 0)
    # Mechanisms must see the light that the renderer shines: glints and shading on one side.
    lit = lit_surface(surface, seed, key)
    gates = recipe.gates
    if gates.min_score == 0 and gates.best_of == 1:
        return Synthesis(lit, recipe, seed, key).run()
    return _best(Synthesis(lit, recipe, seed, key))


def _best(first: "Synthesis") -> Sample:
    """Return the best of several draws of a sample, the first that is good enough, with its score.

    Draws after the first wanted number go on only while none reaches the least score.
    """
    gates = first.recipe.gates
    best, score = None, -1.0
    draws = max(gates.best_of, gates.redraws + 1 if gates.min_score else 1)
    for redraw in range(draws):
        if redraw >= gates.best_of and score >= gates.min_score:
            break
        try:
            sample = replace(first, redraw=redraw).run()
        except SynthesisError:
            if best is None:
                raise
            continue
        quality = rate_sample(sample, first.surface)
        if quality.score > score:
            best, score = replace(sample, scores=written_scores(quality)), quality.score
        if score >= max(gates.enough, gates.min_score):
            break
    if best is not None and score >= gates.min_score:
        return best
    raise RejectedError(f"score {score:.2f} at best of {draws} draws, below {gates.min_score:g}")


@dataclass(frozen=True, slots=True, eq=False)
class Synthesis:
    """What stays the same while the defects of one sample are added.

    Attributes
    ----------
    surface : Surface
        In the light that the renderer shines.
    recipe : Recipe
    seed : int
    key : SampleKey
    redraw : int
        How many samples were drawn before.
    """

    surface: Surface
    recipe: Recipe
    seed: int
    key: SampleKey
    redraw: int = 0

    def run(self) -> Sample:
        """Add the drawn number of defects; at least one has to succeed."""
        plan = self.stream(0, "plan", "", 0)
        count = int(self.recipe.defects_per_image.draw(plan))
        mixed = plan.random() < self.recipe.mixed_probability
        light = self.surface.light
        canvas = Canvas(self.surface)
        rejected = 0
        last = SynthesisError("no defect was drawn")
        for nth in range(count):
            kind = canvas.instances[0].kind if canvas.instances and not mixed else None
            attempts = self.recipe.gates.attempts
            # One defect is needed, more are welcome.
            for attempt in range(min(attempts, LATER_ATTEMPTS) if canvas.instances else attempts):
                try:
                    self._add_defect(canvas, kind, (attempt, nth))
                    break
                except SynthesisError as error:
                    # With its traceback the error would keep this sample's arrays alive.
                    last = error.with_traceback(None)
                    rejected += 1
        if not canvas.instances:
            raise last
        sample = canvas.sample(self.key, self.seed)
        if canvas.relief is not None:
            sample = canvas.relief.scanned(sample, self.stream(0, "scan", "", 0))
        return replace(sample, attempt=rejected, asked=count, redraw=self.redraw, light=light)

    def _add_defect(self, canvas: Canvas, kind: str | None, turn: tuple[int, int]) -> None:
        """Draw, render, refine and write one defect; raise SynthesisError if it fails a gate."""
        attempt, nth = turn
        # A mechanism gets several tries, or hard ones would lose their share to easy ones.
        pick = self.stream(attempt // TRIES_PER_MECHANISM, "pick", "", nth)
        share = float(pick.random())
        mechanism = pick_mechanism(self.recipe.mechanisms, share, kind, self.surface)
        generator = mechanism.generator
        canvas.check_free(generator.least_share)
        draw = self.stream(attempt, "draw", "", nth)
        wanted = mechanism.d_prime or self.recipe.severity.d_prime
        target = wanted.draw(draw)
        layer = self.generate(generator, attempt, nth)
        cropped = crop_layer(layer, self.surface, MARGIN)
        if cropped is None:
            raise RejectedError(f"{generator.kind}: nothing of the defect lies on the part")
        layer, box = cropped
        canvas.check_room(layer.support, box)
        area = float(np.count_nonzero(layer.support)) / self.surface.part_area_px
        streams = self.refiner_streams(attempt, nth, draw)
        if isinstance(self.surface, ScannedSurface) and self.surface.shaded:
            layer = relief_only(layer)
        seen: dict[str, DefectLayer] = {}
        if isinstance(self.surface, ViewedSurface):
            layer, seen = self._in_other_lights(layer, generator, turn)
            box = layer.box
        layer, residuals = self.relax(layer, streams)
        before = decode(canvas.pixels[box.slices], self.surface.encoding)
        scene = self.scene(before, box)
        item = prepare(layer, scene)
        if mechanism.d_prime is None:
            target = _stronger(target, self.recipe.severity, scene.normal_sd, draw)
        target = _capped(target, self.recipe.severity, area, draw)
        gates = self.recipe.gates
        least = least_visible(layer, target, wanted.low, gates, attempt)
        physical = self.recipe.severity.physical
        if layer.rigid or physical:
            solution = full_strength(item)
            target = solution.visibility
        else:
            solution = solve_gain(item, target, gates.max_clipped)
        if not physical and solution.visibility < (1 - TOLERANCE) * least:
            reached = f"visibility {solution.visibility:.2f} of at least {least:.2f} wanted"
            raise RejectedError(f"{layer.kind}: {reached}")
        change = replace(render(item, layer, solution.gain), residuals=residuals)
        change = self.refine(change, scene, solution.visibility, streams)
        levels = self.finish(change, streams)
        if isinstance(self.surface, ViewedSurface):
            self._show_elsewhere(canvas, change, seen, turn)
        canvas.commit(change, levels, target=target, normal_sd=scene.normal_sd, gates=gates)

    def _in_other_lights(
        self, layer: DefectLayer, generator: Generator, turn: tuple[int, int]
    ) -> tuple[DefectLayer, dict[str, DefectLayer]]:
        """Return a layer, and what it is in the light of each other view, on one box.

        Made by the same stream on that view's photo; where another shape comes out, because the
        photo or its light has a say in it, the defect looks there as in the first view.
        """
        surface = self.surface
        if not isinstance(surface, ViewedSurface):
            return layer, {}
        layers = {"": layer}
        for other in surface.others:
            # How sharp a photo is has a say in how far some shapes reach.
            lit = replace(self, surface=replace(other.surface, camera=surface.camera))
            try:
                cropped = crop_layer(lit.generate(generator, *turn), surface, MARGIN)
            except SynthesisError:
                cropped = None
            layers[other.name] = layer if cropped is None else cropped[0]
        box = around_all(layers)
        layers = {name: on_box(one, box, surface) for name, one in layers.items()}
        first = layers.pop("")
        return first, {
            name: one if is_same_shape(first, one) else first for name, one in layers.items()
        }

    def _show_elsewhere(
        self,
        canvas: Canvas,
        change: Change,
        seen: Mapping[str, DefectLayer],
        turn: tuple[int, int],
    ) -> None:
        """Render a defect of the first view, as strong as there, on the other ones."""
        if not isinstance(self.surface, ViewedSurface):
            return
        attempt, nth = turn
        box, first = change.box, change.layer
        for other in self.surface.others:
            key = replace(self.key, image=other.image)
            view = replace(self, surface=other.surface, key=key)
            streams = view.refiner_streams(attempt, nth, view.stream(attempt, "draw", "", nth))
            layer, _ = view.relax(seen[other.name], streams)
            layer = replace(layer, height=first.height)
            before = decode(canvas.others[other.name].pixels[box.slices], other.surface.encoding)
            scene = view.scene(before, box)
            item = prepare(layer, scene)
            shown = render(item, layer, change.gain)
            coarse = visibility_at(item, change.gain)
            shown = view.refine(shown, scene, coarse, streams, faint=True)
            canvas.propose(other.name, shown, view.finish(shown, streams))

    def generate(self, generator: Generator, attempt: int, nth: int) -> DefectLayer:
        """Return the layer of a mechanism, as rays through the part meet it in a radiograph."""
        rng = self.stream(attempt, "generate", generator.kind, nth)
        if self.recipe.transmission:
            return generator.transmit(self.surface, rng)
        return generator.generate(self.surface, rng)

    def scene(self, before: Float32, box: Box) -> Scene:
        """Return a box of the surface, of which `before` is the light, ready to be rendered on."""
        surface, recipe = self.surface, self.recipe
        scene = make_scene(surface, before, box, light=surface.light, material=recipe.material)
        if not recipe.transmission:
            return scene
        return replace(scene, rays=rays_of(surface, recipe.radiation))

    def refiner_streams(self, attempt: int, nth: int, draw: np.random.Generator) -> Streams:
        """Return the stream of each refiner; `draw` for those that draw nothing."""
        return [
            self.stream(attempt, "refine", refiner.kind, nth, position) if refiner.random else draw
            for position, refiner in enumerate(self.recipe.refiners)
        ]

    def relax(self, layer: DefectLayer, streams: Streams) -> tuple[DefectLayer, dict[str, float]]:
        """Let the refiners bring a layer's fields to rest; return it and what they measured."""
        residuals: dict[str, float] = {}
        drawn = layer.height
        for refiner, rng in zip(self.recipe.refiners, streams, strict=True):
            layer, measured = refiner.relax(layer, self.surface, rng)
            residuals.update(measured)
        if isinstance(self.surface, ScannedSurface):  # a height in mm is what was drawn
            layer = replace(layer, height=drawn)
        return layer, residuals

    def refine(
        self, change: Change, scene: Scene, coarse: float, streams: Streams, *, faint: bool = False
    ) -> Change:
        """Refine the rendered light, then bring its visibility back to the coarse one.

        Where that fails a `faint` defect stays as it was rendered: to leave out those that refining
        changes would leave out small ones, and flatter a detector.
        """
        if not self.recipe.refiners:
            return change
        coarsely = change
        for refiner, rng in zip(self.recipe.refiners, streams, strict=True):
            change = refiner.refine(change, self.surface, rng)
        if change.layer.rigid:
            return change  # its contrast is its own: what is gone would turn darker than the ground
        kept = keep_visibility(change, scene, coarse, faint=faint)
        if kept is None:
            if faint:
                return coarsely
            raise RejectedError(f"{change.layer.kind}: refining changed how visible the defect is")
        change, factor = kept
        return replace(change, residuals={**change.residuals, "contrast_factor": factor})

    def finish(self, change: Change, streams: Streams) -> Float32:
        """Return the grey levels of a change's pixels as the camera would have saved them."""
        after = change.after.reshape(-1, change.after.shape[2])

        def encoded(index: NDArray[np.intp]) -> Float32:
            return encode_levels(after.take(index, axis=0), self.surface.encoding)

        levels = by_blocks(encoded, change.index)
        for refiner, rng in zip(self.recipe.refiners, streams, strict=True):
            levels = refiner.finish(levels, change, self.surface, rng)
        return levels

    def stream(
        self, attempt: int, stage: str, kind: str, nth: int, position: int = 0
    ) -> np.random.Generator:
        """Return the random stream of a stage of an attempt at a defect."""
        key = self.key
        turn = attempt + self.redraw * self.recipe.gates.attempts
        return stream(
            self.seed, key.category, key.image, key.index, turn, stage, kind, nth, position
        )


def _stronger(
    target: float, severity: Severity, normal_sd: float, rng: np.random.Generator
) -> float:
    """Return d', raised to what a drawn colour distance asks for on this surface."""
    if severity.delta_e is None:
        return target
    return max(target, float(severity.delta_e.draw(rng)) / normal_sd)


def _capped(
    target: float, severity: Severity, area_share: float, rng: np.random.Generator
) -> float:
    """Return d', lowered to the cap of large defects as often as that holds."""
    if area_share < severity.area_share or target <= severity.area_cap:
        return target
    held = severity.capped_probability >= 1 or rng.random() < severity.capped_probability
    return severity.area_cap if held else target

"""A recipe from a few real defects."""

import os
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from anomsynth.api.options import FilePath, RecipeOptions, choose_recipe, named, to_path, words
from anomsynth.core.counted import counted
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.metadata import check_writable
from anomsynth.dataset.paths import exists
from anomsynth.errors import OutputError, UserError
from anomsynth.fitting.cache import LayerCache
from anomsynth.fitting.candidates import list_candidates
from anomsynth.fitting.describe import describe
from anomsynth.fitting.explain import Explanation, explain
from anomsynth.fitting.likeness import draw_likeness
from anomsynth.fitting.maker import LayerMaker, Trial
from anomsynth.fitting.material import FitMaterial, gather
from anomsynth.fitting.words import sentence
from anomsynth.fitting.write import fit_mechanisms, recipe_lines
from anomsynth.pipeline.options import check_jobs
from anomsynth.recipe.load import build_recipe
from anomsynth.recipe.models import Recipe
from anomsynth.sheets.sheet import write_sheet

MOST_PER_IMAGE = 6
PASTED = 0.85  # of the defects, where real ones are given: measured, see RESULTS.md
FEW = 3  # pictures, below which how many defects a picture has is left to the base


@dataclass(frozen=True, slots=True)
class FittedDefect:
    """A real defect and what it looks like.

    Attributes
    ----------
    name : str
        Kind and stem of its picture, numbered where that has several.
    image : Path
    guesses : of (kind, share)
        What may have made it, the likeliest first; the kind of nothing is "".
    looks : dict of descriptor -> float
        Measured, see `anomsynth.fitting.descriptors`.
    area_share : float
        Of the part's area.
    length_mm, width_mm : float
        Of the whole, and of its strokes.
    d_prime, delta_e : float
        How visible it is.
    """

    name: str
    image: Path
    guesses: tuple[tuple[str, float], ...] = field(repr=False)
    looks: dict[str, float] = field(repr=False)
    area_share: float
    length_mm: float
    width_mm: float
    d_prime: float
    delta_e: float

    @property
    def explained(self) -> bool:
        """Whether a mechanism makes something that looks like it."""
        return bool(self.guesses and self.guesses[0][0])


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A recipe that makes defects like some real ones.

    Attributes
    ----------
    sentence : str
        What the real defects look like.
    text : str
        The recipe, as it was written.
    recipe : Recipe
    defects : tuple of FittedDefect
    weights : dict of kind -> float
        Share of the real defects that each kind explains; "" is nothing.
    refused : tuple of str
        One line for each picture that could not be used.
    photos : int
        Good photos that mechanisms were tried on.
    out, sheet : Path or None
    """

    sentence: str
    text: str = field(repr=False)
    recipe: Recipe
    defects: tuple[FittedDefect, ...] = field(repr=False)
    weights: dict[str, float]
    refused: tuple[str, ...]
    photos: int
    out: Path | None
    sheet: Path | None


def fit(
    real: FilePath,
    *,
    photos: FilePath | None = None,
    base: str = "generic",
    kinds: Sequence[str] | str | None = None,
    out: FilePath | None = None,
    sheet: FilePath | None = None,
    mm_per_px: float | None = None,
    pasted: float = PASTED,
    source_layout: str | None = None,
    cache: FilePath | None = None,
    jobs: int = -1,
    overwrite: bool = False,
    on_progress: Callable[[int, int], object] | None = None,
) -> Fitted:
    """Make a recipe whose defects look like a few real, marked ones.

    Each real defect is measured and compared with what every mechanism makes on good photos of the
    same product. The recipe extends the base by the mechanisms that come near, with ranges and
    strengths that fit; what none of them explains is told, and left to the base. A share of the
    defects are the real ones themselves, set into good photos, where `generate` is given them by
    `real`.

    Parameters
    ----------
    real : path
        Marked defects of one product: a dataset, images and masks, or what a labelling tool wrote.
    photos : path, optional
        Good photos of the product; those in `real` if not given, else the unmarked rest of the
        defective ones.
    base : str
        Preset or recipe file to extend.
    kinds : sequence of str, optional
        Only these kinds of mechanisms are tried; all if not given.
    out : path that ends in ``.toml``, optional
        Where to write the recipe.
    sheet : path that ends in ``.png``, optional
        Where to write a picture of the real defects beside synthetic ones; beside `out` and under
        its name if not given, and nowhere without `out`.
    mm_per_px : float, optional
        Size of a pixel, instead of the base's scale.
    pasted : float in [0, 1)
        Share of the defects that are the real ones, pasted; 0 for a recipe of mechanisms alone.
    source_layout : str, optional
        How `real` is laid out, if it is not recognised; see `anomsynth.dataset.labelled`.
    cache : path, optional
        Folder to keep what mechanisms make in, so that fitting again is quick.
    jobs : int
        Worker processes; -1 is one per core, -2 one less. The result does not depend on it.
    overwrite : bool
        Replace a recipe and a sheet that are there.
    on_progress : function of layers made and layers to make, optional

    Returns
    -------
    Fitted

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If no real defect can be used, or they are of several products.
    OutputError
        If something cannot be written, or would be replaced.

    Examples
    --------
    >>> import anomsynth as asy
    >>> found = asy.fit("real-defects", base="metal", out="mine.toml")  # doctest: +SKIP
    >>> found.sentence  # doctest: +SKIP
    '8 of 12 defects look like pitting or porosity; 4 like scratch'
    """
    check_jobs(jobs)
    if not 0 <= pasted < 1:
        hint = "preset baseline/paste_real makes nothing else"
        raise UserError(f"`pasted`: expected from 0 to below 1, got {pasted:g}", hint=hint)
    target = _target(to_path(out), overwrite=overwrite)
    picture = _picture(to_path(sheet), target, overwrite=overwrite)
    for path in (target, picture):
        if path is not None:
            check_writable(path.parent)
    recipe = choose_recipe(base, RecipeOptions(mm_per_px=mm_per_px))
    with named("kinds"):
        candidates = list_candidates(recipe, None if kinds is None else words(kinds))
    material = gather(
        Path(real),
        to_path(photos),
        recipe,
        source_layout=source_layout,
        jobs=jobs,
    )
    trial = Trial(candidates, material.surfaces, recipe)
    kept = LayerCache(to_path(cache), material.surfaces, recipe)
    found = explain(
        [item.defects for item in material.marked], LayerMaker(trial, kept, jobs, on_progress)
    )
    defects = _defects(material, found)
    said = sentence([defect.guesses for defect in defects], material.too_large)
    settings: dict[str, object] = {"base": _written_base(base, target)}
    if mm_per_px is not None:
        settings["mm_per_px"] = mm_per_px
    per_image = _per_image(material, recipe)
    if per_image is not None:
        settings["defects_per_image"] = list(per_image)
    written = recipe_lines(found, fit_mechanisms(found), material.names, settings, pasted)
    text = "\n".join([*_head(said, material, len(defects)), *written])
    name = "fitted" if target is None else target.stem
    own = {"name": name, **tomllib.loads(text), "base": _written_base(base, None)}
    built = build_recipe(own, "fitted recipe")
    if target is not None:
        make_folder(target.parent)
    if picture is not None:  # before the recipe: a disk that is full is so for the larger file
        write_sheet(picture, draw_likeness(material, found, recipe))
    if target is not None:
        _write_recipe(target, f"{text}\n", picture)
    return Fitted(
        sentence=said,
        text=f"{text}\n",
        recipe=built,
        defects=defects,
        weights=_weights(found),
        refused=material.refused,
        photos=0 if material.own else len(material.surfaces),
        out=target,
        sheet=picture,
    )


def _write_recipe(target: Path, text: str, sheet: Path | None) -> None:
    """Write the recipe; where that fails, its sheet goes, too."""
    try:
        write_bytes(target, text.encode(), target.parent)
    except OutputError:
        if sheet is not None:
            sheet.unlink(missing_ok=True)
        raise


def _target(out: Path | None, *, overwrite: bool) -> Path | None:
    """Return where the recipe goes, if it may."""
    if out is None:
        return None
    if out.suffix.lower() != ".toml":
        raise OutputError(f"`out`: expected a name that ends in .toml, got {str(out)!r}")
    if exists(out) and not overwrite:
        raise OutputError(
            f"{out}: is there already", hint="choose another name, or `overwrite=True`"
        )
    return out


def _picture(sheet: Path | None, out: Path | None, *, overwrite: bool) -> Path | None:
    """Return where the sheet goes, if it may: beside the recipe if nothing else is said."""
    if sheet is None:
        if out is None:
            return None
        sheet = out.with_suffix(".png")
    if sheet.suffix.lower() != ".png":
        raise OutputError(f"`sheet`: expected a name that ends in .png, got {str(sheet)!r}")
    if exists(sheet) and not overwrite:
        hint = "choose another `sheet`, or `overwrite=True`"
        raise OutputError(f"{sheet}: is there already", hint=hint)
    return sheet


def _written_base(base: str, target: Path | None) -> str:
    """Return the base as a recipe at `target` names it: files relative to its folder."""
    if not base.endswith(".toml"):
        return base
    whole = Path(base).resolve()
    if target is None:
        return str(whole)
    try:
        return Path(os.path.relpath(whole, target.resolve().parent)).as_posix()
    except ValueError:  # another drive
        return str(whole)


def _head(said: str, material: FitMaterial, defects: int) -> list[str]:
    """Return the comment above a recipe: what was found, from what, and what to do."""
    pictures, photos = len(material.marked), len(material.surfaces)
    where = "their unmarked rest" if material.own else counted(photos, "good photo")
    lines = [
        f"# {said[0].upper()}{said[1:]}.",
        f"# Fitted to {counted(defects, 'real defect')} in {counted(pictures, 'picture')},"
        f" tried on {where}.",
        "# Weights and ranges are guesses from few defects; parameters: anomsynth show KIND.",
    ]
    if defects == 1:
        lines[1] = f"# Fitted to a single real defect, which says little, tried on {where}."
    return lines


def _per_image(material: FitMaterial, base: Recipe) -> tuple[int, int] | None:
    """Return how many defects a picture has, where real ones have more than the base makes."""
    counts = [item.defects[0].groups for item in material.marked]
    if len(counts) < FEW:
        return None
    most = min(round(float(np.quantile(counts, 0.9))), MOST_PER_IMAGE)
    usual = base.defects_per_image
    return (int(usual.low), most) if most > usual.high else None


def _defects(material: FitMaterial, found: Explanation) -> tuple[FittedDefect, ...]:
    rows = [(item, defect) for item in material.marked for defect in item.defects]
    fitted = []
    for row, (item, defect) in enumerate(rows):
        looks = describe(defect)
        fitted.append(
            FittedDefect(
                name=material.names[row],
                image=item.item.image,
                guesses=tuple(found.by_kind(row)),
                looks=looks,
                area_share=defect.region.share,
                length_mm=defect.axes[0] * defect.mm_per_px,
                width_mm=defect.thickness * defect.mm_per_px,
                d_prime=float(np.exp(looks["d_prime"])),
                delta_e=float(np.exp(looks["delta_e"])),
            )
        )
    return tuple(fitted)


def _weights(found: Explanation) -> dict[str, float]:
    """Return the share of the real pictures that each kind explains, the largest first."""
    shares = found.counts @ found.mixture.shares / found.counts.sum()
    weights: dict[str, float] = {}
    for candidate, share in zip(found.candidates, shares, strict=False):
        weights[candidate.kind] = weights.get(candidate.kind, 0.0) + float(share)
    weights[""] = float(shares[-1])
    return dict(sorted(weights.items(), key=lambda item: -item[1]))

"""What a run made, and how to go on with it."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anomsynth.cli.console import SOME_FAILED, USER_ERROR, Console, as_flags
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from anomsynth.api.generate import Generated
    from anomsynth.core.depth import Depth
    from anomsynth.pipeline.events import Finished
    from anomsynth.pipeline.plan import Plan


FEW_GOOD = 20  # test photos of a category below which a threshold says little
MOST_CATEGORIES = 12  # that are told where their part was found
LOOK = (
    "look at `anomsynth foreground PHOTOS --out MASKS`, correct the masks, and give them by --roi"
)


def print_summary(
    console: Console, finished: "Generated", fair: str, told: Collection[str] = ()
) -> None:
    """Print counts by kind and by cause of failure, and the lines that load the dataset.

    Parameters
    ----------
    console : Console
    finished : Generated
    fair : str
        The command that makes the dataset for anomalib, which is told where this one is not.
    told : of str
        Reasons of failures that were printed before.
    """
    from anomsynth.pipeline.rigs import recorded_rigs

    plan = finished.plan
    out, categories = plan.out, plan.categories
    rate = max(finished.written - finished.resumed, 0) / max(finished.seconds, 1e-9)
    earlier = f" ({finished.resumed} of them there before)" if finished.resumed else ""
    console.say(
        f"{counted(finished.written, 'sample')}{earlier} in {finished.seconds:.1f} s "
        f"({rate:.1f}/s) -> {out}"
    )
    print_counts(console, finished, told)
    for line in (*depth_lines(plan), *passed_over_lines(plan), *light_lines(plan)):
        console.say(f"  {line}")
    if plan.ignored:
        console.say(f"  {ignored_line(plan)}")
    if plan.options.shard is not None:
        index, count = plan.options.shard
        console.say(f"\nshard {index} of {count}; when all are done: anomsynth merge {out}")
    elif finished.written:
        folder = plan.options.out_layout == "folder"
        if plan.layout.tree == "3d" and not plan.scans_are_tiff:
            loading = scan_lines(out)
        elif is_unfair(finished):
            loading = fair_lines(fair)
        elif folder:
            loading = folder_lines(out, categories[0])
        else:
            loading = loading_lines(out, categories, scans=plan.layout.tree == "3d")
        for line in (*loading, *next_lines(finished)):
            console.say(line)
        note_ratio(console, finished)
        note_bases(console, finished)
        note_guesses(console, finished)
    note_packer(console)
    warn_of_failures(console, finished)
    console.result(
        out=str(out),
        categories=list(categories),
        **counts(finished),
        depths={category: depth.bits for category, depth in plan.depths.items()},
        lights=recorded_rigs(plan.rigs),
        passed_over={name: list(kinds) for name, kinds in plan.passed_over.items()},
        ignored=plan.ignored,
        ignored_example=plan.ignored_example,
        good_test_photos=finished.good,
        sheet=None if finished.sheet is None else str(finished.sheet),
        seconds=finished.seconds,
    )


def print_counts(console: Console, finished: "Finished", told: Collection[str] = ()) -> None:
    """Print counts by kind and by cause of failure, and the photos that could not be used.

    Reasons that were `told` before are not printed again.
    """
    for kind, number in sorted(finished.by_kind.items()):
        console.say(f"  {kind:<16}{number:>7}")
    if finished.failed:
        console.say(f"  {'failed':<16}{finished.failed:>7}")
        for cause, number in sorted(finished.by_cause.items()):
            reason = finished.reasons.get(cause, "")
            reason = "" if reason in told else " ".join(as_flags(reason).split())
            console.say(f"    {cause:<14}{number:>7}  {reason}".rstrip())
    for category, points in finished.left_out.items():
        console.say(
            f"  {category}: {counted(points, 'point')} that the sensor does not see any more"
            " left out of the clouds, as of their labels (record.points in the manifest)"
        )
    for image in finished.failed_images:
        console.say(f"  not usable: {image}")
    _say_where(console, finished)


def _say_where(console: Console, finished: "Finished") -> None:
    """Say where the parts were found, or how masks of them were understood."""
    for category, part in list(finished.parts.items())[:MOST_CATEGORIES]:
        console.say(f"  {category}: {part.line}")
    for category, masks in list(finished.masks.items())[:MOST_CATEGORIES]:
        console.say(f"  {category}: {masks_line(masks)}")
    if len(finished.parts) > MOST_CATEGORIES:
        console.say(
            f"  and {counted(len(finished.parts) - MOST_CATEGORIES, 'more category')}, see run.json"
        )
    for category, part in finished.parts.items():
        if part.doubt:
            console.warn(f"{category}: {part.doubt}: {LOOK}")


def masks_line(masks: Mapping[str, int]) -> str:
    """Return how masks given by --roi were understood."""
    outlines, within = masks.get("outline", 0), masks.get("within", 0)
    whole = counted(outlines + within, "mask")
    if not within:
        return f"{whole} along the part's outline: bends, fibers and gaps change the ground, too"
    if not outlines:
        return (
            f"{whole} not along the part's outline: nothing is drawn outside, so no bends and no"
            " missing ends; sizes go by the mask"
        )
    return f"{outlines} of {whole} along the part's outline; nothing is drawn outside the others"


def note_guesses(console: Console, finished: "Generated") -> None:
    """Say what depth maps and views do not tell, and which options do."""
    from anomsynth.relief.files import is_depth_map

    plan = finished.plan
    first = plan.units[0].scan
    guessed = all(recipe.mm_per_px is None for recipe in plan.recipes.values())
    told = plan.options.depth_unit is None or not guessed
    if first is not None and not told and is_depth_map(first):
        console.warn(
            "depth maps do not say how wide a pixel is: it follows from the preset's scale; "
            "give --mm-per-px if you know it"
        )


def light_lines(plan: "Plan") -> list[str]:
    """Say from where the light of each view comes, where photos told it."""
    given = {light.view for light in plan.options.lights}
    lines = []
    for category, rig in list(plan.rigs.items())[:MOST_CATEGORIES]:
        sure = {name: one for name, one in rig.items() if name not in given and not one.doubt}
        told = ", ".join(f"{name} {one.light.azimuth_deg:.0f}" for name, one in sure.items())
        turned = "" if given else ", or all from the other side"
        if told:
            lines.append(f"{category}: light measured (0 from the right, 90 top): {told}{turned}")
    return lines


def is_unfair(finished: "Generated") -> bool:
    """Return whether the test set holds too many defects to a good photo."""
    from anomsynth.dataset.checks.splits import MOST_PER_GOOD

    return 0 < MOST_PER_GOOD * finished.good < finished.written


def note_ratio(console: Console, finished: "Generated") -> None:
    """Say that the test set holds too many defects to a good photo, and what mends it."""
    good = finished.good
    if not is_unfair(finished):
        return
    categories = max(len(finished.plan.categories), 1)
    fair = max(2 * good // categories, 1)
    console.note(
        f"\n{counted(finished.written, 'defect')} to {counted(good, 'good photo')} in the test set:"
        " a threshold that a tool chooses on it, as anomalib does, rejects good parts; make fewer"
        f" defects (--for anomalib, or --count {fair}) or keep more photos for the test"
        " (--test-share 0.5). train and export use all defects."
    )


def note_bases(console: Console, finished: "Generated") -> None:
    """Say which photos the defects for anomalib are on, and whether those are enough."""
    if finished.plan.options.purpose is None:
        return
    good = finished.good
    if good == 0:
        console.warn(
            "no photo is kept for test/good, so the defects are on photos of train/good, which a"
            " model has learnt: give more good photos, or `test_share=0.5`"
        )
        return
    is_few = good < FEW_GOOD * len(finished.plan.categories)
    few = f": {FEW_GOOD} of a product or more make a better threshold" if is_few else ""
    console.note(
        f"\nThe defects are on the {counted(good, 'photo')} of test/good alone, which no training"
        f" sees{few} (--test-share 0.5 keeps half of the photos for the test)."
    )


def next_lines(finished: "Generated") -> list[str]:
    """Return what to do with the dataset, with its path."""
    out = shlex.quote(str(finished.plan.out))
    seen = [] if finished.sheet is None else ["", f"Look at it: {finished.sheet}"]
    train = f"  anomsynth train {out} --out RUN  # a detector for photos of new parts"
    return [
        *seen,
        "Then:",
        f"  anomsynth report {out}  # a page with every sample, its score and why",
        f"  anomsynth score {out} --keep-top 0.8 --filter-to BETTER  # the better ones",
        # What is for anomalib has few defects, and those on few photos.
        *([train] if finished.plan.options.purpose is None else []),
        f"  anomsynth export {out} YOLO --to yolo  # or coco, ...: for other tools",
    ]


def warn_of_failures(console: Console, finished: "Finished") -> None:
    """Say on stderr what could not be made, if there is anything, and why where it was not told."""
    if not (finished.failed or finished.failed_images):
        return
    bad = len(finished.failed_images)
    photos = f", {counted(bad, 'photo')} could not be used" if bad else ""
    nothing = "" if finished.written else "nothing was made, the dataset cannot be used: "
    why = "" if console.talks else "".join(f": {text}" for text in finished.reasons.values())
    console.warn(f"{nothing}{counted(finished.failed, 'sample')} failed{photos}{why}")


def exit_code(finished: "Finished", *, part: bool = False) -> int:
    """Return how a command ends that made samples; `part` of a run may be one without any."""
    if not (finished.failed or finished.failed_images):
        return 0
    return SOME_FAILED if finished.written or part else USER_ERROR


def counts(finished: "Finished") -> dict[str, object]:
    """Return the counts of a run as plain values."""
    return {
        "written": finished.written,
        "failed": finished.failed,
        "by_kind": dict(finished.by_kind),
        "by_cause": dict(finished.by_cause),
        "parts": {category: part.line for category, part in finished.parts.items()},
        "masks": {category: dict(masks) for category, masks in finished.masks.items()},
        "reasons": {cause: as_flags(text) for cause, text in finished.reasons.items()},
        "failed_images": list(finished.failed_images),
        "left_out": dict(finished.left_out),
    }


def note_packer(console: Console) -> None:
    """Say that PNG could be written faster."""
    from anomsynth.core.png import packs_fast

    if not packs_fast():
        faster = "zlib-ng takes half the time (pip install zlib-ng)"
        console.note(f"PNG files were packed by zlib: {faster}")


def depth_lines(plan: "Plan") -> list[str]:
    """Say of which categories the camera uses less than 16 bits."""
    return [f"{category}: {used_bits(depth)}" for category, depth in plan.depths.items()]


def used_bits(depth: "Depth") -> str:
    """Say how many bits photos use, and of how many numbers that is not true."""
    said = f"the photos use {depth.bits} of 16 bits (give --bits N if that is wrong)"
    if not depth.clipped:
        return said
    top, values = depth.top << depth.shift, counted(depth.clipped, "value")
    many = "lies" if depth.clipped == 1 else "lie"
    return f"{said}; {values} {many} far above all others and count as {top}"


def passed_over_lines(plan: "Plan") -> list[str]:
    """Say which kinds of a recipe only colour, where there is nothing but depth."""
    kinds = sorted({kind for found in plan.passed_over.values() for kind in found})
    if not kinds:
        return []
    return [f"passed over, for there is nothing but depth and they only colour: {', '.join(kinds)}"]


def ignored_line(plan: "Plan") -> str:
    """Say how much of the source is no photo, with an example."""
    return f"{plan.ignored} other files and folders are ignored, e.g. {plan.ignored_example}"


def folder_lines(out: Path, category: str) -> list[str]:
    """Return the lines that load a category of any pictures with anomalib's Folder."""
    root = out.resolve() / category
    kinds = sorted(
        path.name for path in (root / "test").iterdir() if path.is_dir() and path.name != "good"
    )
    return [
        "",
        "Load it with anomalib (its MVTecAD wants PNG, its Folder takes JPEG, too):",
        "  from anomalib.data import Folder",
        f"  kinds = {kinds!r}",
        f"  datamodule = Folder(name={category!r}, root={str(root)!r}, normal_dir='train/good',",
        "      normal_test_dir='test/good', abnormal_dir=[f'test/{kind}' for kind in kinds],",
        "      mask_dir=[f'ground_truth/{kind}' for kind in kinds])",
    ]


def scan_lines(out: Path) -> list[str]:
    """Return where the files of a dataset lie whose scans no datamodule of anomalib reads."""
    return [
        "",
        "It is laid out as MVTec 3D-AD (whose loaders read no scans but TIFF):",
        f"  {out.resolve()}/CATEGORY/{{train,test}}/KIND/{{rgb,xyz,gt}}",
    ]


def fair_lines(command: str) -> list[str]:
    """Return how to make a dataset that is fair to models of anomalib."""
    return [
        "",
        "For anomalib, whose PaDiM, PatchCore and EfficientAD learn from the good photos alone and",
        "choose a threshold on the others, make one with two defects to a good test photo:",
        f"  {command}",
    ]


def loading_lines(out: Path, categories: Sequence[str], *, scans: bool = False) -> list[str]:
    """Return the lines that load a dataset with anomalib, from Python and from a shell."""
    module = "MVTec3D" if scans else "MVTecAD"
    category = categories[0]
    others = f"  # or {', '.join(categories[1:4])}" if len(categories) > 1 else ""
    more = ", ..." if len(categories) > 4 else ""
    root = out.resolve()
    return [
        "",
        "Load it with anomalib (PaDiM, PatchCore and EfficientAD learn from the good photos alone:",
        "the defects are what they are validated on):",
        f"  from anomalib.data import {module}",
        f"  datamodule = {module}(root={str(root)!r}, category={category!r}){others}{more}",
        "or train on it:",
        f"  anomalib train --model Padim --data {module}"
        f" --data.root {shlex.quote(str(root))} --data.category {shlex.quote(category)}",
    ]

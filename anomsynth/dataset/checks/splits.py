"""What training and test set hold, and whether that makes sense."""

from collections.abc import Iterator

from anomsynth.core.counted import counted
from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.mvtec import TRUTH
from anomsynth.dataset.layouts.names import is_good_name
from anomsynth.dataset.metadata import known_run, sweep_of

MOST_PER_GOOD = 3  # defects to a good test photo: a threshold chosen by F1 then rejects good parts


def check_splits(tree: Tree) -> Iterator[Finding]:
    """Find folders with the wrong name or content, and sets that cannot be learnt or measured."""
    if not tree.is_mvtec:
        return
    for path in tree.empty:
        message = "the folder holds no picture"
        yield Finding("note", "empty-folder", tree.name(path), message, "remove it or fill it")
    for split, kind in tree.images:
        yield from _folder(tree, split, kind)
    for kind in tree.masks:
        if is_good_name(kind):
            message = "masks of good photos: loaders count them and fail"
            place = tree.name(tree.folder / TRUTH / kind)
            yield Finding("error", "truth-of-good", place, message, "delete the folder")
    yield from _balance(tree)


def _folder(tree: Tree, split: str, kind: str) -> Iterator[Finding]:
    place = tree.name(tree.folder / split / kind)
    if is_good_name(kind):
        if kind != GOOD:
            message = f"good photos in {kind!r} are taken for defects without masks"
            hint = f"rename the folder to {GOOD!r}"
            yield Finding("error", "good-name", place, message, hint)
    elif split == "train":
        message = "defects in the training set: it may hold good photos only"
        hint = f"move the folder to test/{kind}, its masks to {TRUTH}/{kind}"
        yield Finding("error", "defects-in-train", place, message, hint)


def _balance(tree: Tree) -> Iterator[Finding]:
    place = tree.name(tree.folder)
    if sweep_of(known_run(tree.root)) is not None:
        message = "a sweep: flaws of stated sizes to test a detector with, nothing to train on"
        yield Finding(
            "note", "sweep", place, message, "study a detector with it: the command is pod"
        )
        return
    if not any(split == "train" and is_good_name(kind) for split, kind in tree.images):
        message = "no good photo to train on"
        yield Finding("error", "no-training-images", place, message, "add photos to train/good")
    defects = dict(tree.defects())
    if not defects:
        message = "the test set holds no defect: nothing can be measured on it"
        yield Finding("warning", "one-class-test", place, message, "add defects to test/KIND")
    elif not any(split == "test" and is_good_name(kind) for split, kind in tree.images):
        message = "the test set holds no good photo: image AUROC needs both classes"
        yield Finding("warning", "one-class-test", place, message, "add good photos to test/good")
    yield from _ratio(tree, sum(map(len, defects.values())))
    for images in defects.values():
        if len(images) == 1:
            message = "one image only: anomalib takes half of the test set for validation"
            folder = tree.name(images[0].parent)
            yield Finding("note", "few-of-a-kind", folder, message, "two or more are better")


def _ratio(tree: Tree, defects: int) -> Iterator[Finding]:
    """Find a test set with so many defects that a threshold chosen on it rejects good parts."""
    good = sum(
        len(images)
        for (split, kind), images in tree.images.items()
        if split == "test" and is_good_name(kind)
    )
    if good and defects > MOST_PER_GOOD * good:
        message = (
            f"{counted(defects, 'defect')} to {counted(good, 'good photo')} in the test set:"
            " a threshold that a tool chooses on it, as anomalib does, rejects good parts"
        )
        hint = "generate with `purpose='anomalib'`, or move good photos to test/good"
        yield Finding("warning", "unfair-test", tree.name(tree.folder), message, hint)

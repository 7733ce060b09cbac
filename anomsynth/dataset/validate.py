"""Checks a dataset of any tool for what keeps loaders from reading it as it is meant."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anomsynth.dataset.checks.brightness import check_brightness
from anomsynth.dataset.checks.drawn import check_drawn
from anomsynth.dataset.checks.duplicates import check_duplicates
from anomsynth.dataset.checks.finding import LEVELS, Finding
from anomsynth.dataset.checks.masks import check_masks
from anomsynth.dataset.checks.pairing import check_pairing
from anomsynth.dataset.checks.pictures import check_pictures
from anomsynth.dataset.checks.record import check_record
from anomsynth.dataset.checks.scans import check_scans
from anomsynth.dataset.checks.splits import check_splits
from anomsynth.dataset.checks.strays import check_strays
from anomsynth.dataset.checks.tree import Tree, read_trees


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in a dataset.

    Attributes
    ----------
    categories : number of images by category
    findings : errors first, then warnings, then notes; each by check and file
    """

    categories: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings by level."""
        counts = Counter(finding.level for finding in self.findings)
        return {level: counts[level] for level in LEVELS}

    @property
    def sound(self) -> bool:
        """Whether there is no error."""
        return not self.counts["error"]


def validate(root: Path, *, deep: bool = False, layout: str | None = None) -> Verdict:
    """Check a dataset.

    Looked at are names and their pairing, files that do not belong, splits, masks (every pixel),
    headers and check sums of the images, equal files, and the manifest if there is one.

    Parameters
    ----------
    root : Path
        A dataset of any layout that `find_labelled` knows, or one category of it.
    deep : bool
        Decode every image and scan too: damage that no check sum tells, equal pixels in unequal
        files, and hashes of images against the manifest.
    layout : str, optional
        How it is laid out; recognised if not given.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or holds no labelled image.

    References
    ----------
    The MVTec AD layout: P. Bergmann et al., "The MVTec anomaly detection dataset", IJCV, 2021.
    What loaders make of each trap was tried with anomalib 2.7.0.
    """
    trees = read_trees(root.resolve(), layout)
    found = [finding for tree in trees for finding in _check(tree, deep=deep)]
    order = {level: rank for rank, level in enumerate(LEVELS)}
    found.sort(key=lambda finding: (order[finding.level], finding.check, finding.file))
    images = {tree.folder.name: sum(1 for _ in tree.pictures()) for tree in trees}
    return Verdict(images, tuple(dict.fromkeys(found)))


def _check(tree: Tree, *, deep: bool) -> Iterator[Finding]:
    yield from check_strays(tree)
    yield from check_splits(tree)
    yield from check_pairing(tree)
    yield from check_pictures(tree, deep=deep)
    yield from check_scans(tree, deep=deep)
    yield from check_brightness(tree)
    yield from check_masks(tree)
    yield from check_drawn(tree)
    yield from check_duplicates(tree, deep=deep)
    yield from check_record(tree, deep=deep)

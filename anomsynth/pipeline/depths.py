"""Which depth the photos of a category have: 10 and 12 bits of a camera lie in 16-bit files."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from joblib import Parallel, delayed

from anomsynth.core.depth import FULL_BITS, Depth, Levels, surely_less
from anomsynth.dataset.reading import make_reading, may_be_deep, settle_depth, used_levels
from anomsynth.dataset.tiff import Reading
from anomsynth.errors import OutputError, UserError

logger = logging.getLogger(__name__)

NAMED = 3  # photos in a message


def find_depths(
    categories: Mapping[str, Sequence[Path]],
    jobs: int,
    bits: int | None = None,
    reading: Reading | None = None,
) -> dict[str, Depth]:
    """Return the depth of each category whose 16-bit photos use less than 16 bits.

    Every 16-bit photo is read: the brightest and the lowest bits of any of them decide, but for a
    few numbers far above all others. Photos that cannot be read are left out.

    Parameters
    ----------
    categories : dict of category -> all of its photos
    jobs : int
        Threads that read.
    bits : int or None
        What the user says of all categories; None believes the photos.
    reading : Reading or None
        What the user says about the files.
    """
    if bits == FULL_BITS:
        return {}
    found = {}
    for category, photos in categories.items():
        deep = [path for path in photos if may_be_deep(path)]
        if not deep and bits is None:
            continue
        used = Parallel(n_jobs=jobs, prefer="threads")(
            delayed(used_levels)(path, reading) for path in deep
        )
        depth = settle_depth(used, bits)
        if bits is None:
            _warn_of_less(category, deep, used)
        if depth is not None:
            found[category] = depth
    return found


def _warn_of_less(category: str, photos: Sequence[Path], used: Sequence[Levels]) -> None:
    """Log which photos come from a camera of less depth than the others; they are too dark."""
    bits, places = surely_less(used)
    if places:
        logger.warning(
            "%s: photos of different depths: %d end at %d, the highest level of %d bits (as %s), "
            "others go higher; read as one depth these are too dark: keep them in a folder of "
            "their own",
            category,
            len(places),
            Depth(bits).top,
            bits,
            ", ".join(photos[at].name for at in places[:NAMED]),
        )


def recorded_depths(depths: Mapping[str, Depth]) -> dict[str, object]:
    """Return depths as plain JSON values, and how the 8 bits of the tree follow from them."""
    return {
        category: {
            "bits": depth.bits,
            "shift": depth.shift,
            **({"clipped": depth.clipped} if depth.clipped else {}),
            "tree_level": f"255 * value / {depth.top << depth.shift}",
        }
        for category, depth in depths.items()
    }


def read_depths(record: Mapping[str, object]) -> dict[str, Depth]:
    """Return the depths that run.json recorded; none of runs that found none.

    Raises
    ------
    OutputError
        If the record is damaged.
    """
    stored = record.get("depths", {})
    try:
        return {
            str(name): Depth(int(one["bits"]), int(one["shift"]), int(one.get("clipped", 0)))
            for name, one in dict(stored).items()  # type: ignore[call-overload]  # see except
        }
    except (TypeError, ValueError, KeyError) as error:
        raise OutputError("damaged record: depths", hint="make the dataset again") from error


def read_reading(record: Mapping[str, object]) -> Reading:
    """Return what the user of a run said about the files of photos, by run.json.

    Raises
    ------
    OutputError
        If the record is damaged.
    """
    options = record.get("options")
    stored = options if isinstance(options, Mapping) else {}
    try:
        return make_reading(stored.get("value_range"), stored.get("bands"))
    except UserError as error:
        raise OutputError(f"damaged record: {error}", hint="make the dataset again") from error

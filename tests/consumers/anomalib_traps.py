"""What anomalib makes of each trap; run in an environment that has anomalib, without anomsynth.

Usage: python anomalib_traps.py SCRATCH
"""

import sys
from pathlib import Path

from anomalib.data import MVTecAD

sys.path.insert(0, str(Path(__file__).parent))

from traps import CATEGORY, TRAPS, sound_tree


def outcome(root: Path) -> tuple[str, str]:
    """Return "fails", "loads" or "starves", and the error."""
    module = MVTecAD(
        root=root, category=CATEGORY, train_batch_size=1, eval_batch_size=1, num_workers=0
    )
    try:
        module.setup()
        if not len(module.train_data):
            return "starves", ""
        for loader in (module.train_dataloader(), module.val_dataloader()):
            for _ in loader:
                pass
        for _ in module.test_dataloader():
            pass
    except Exception as error:  # whatever it is, this is the outcome
        return "fails", f"{type(error).__name__}: {error}".partition("\n")[0][:100]
    return "loads", ""


def main(scratch: Path) -> int:
    sound_tree(scratch / "sound")
    wrong = outcome(scratch / "sound")[0] != "loads"
    for number, (name, trap) in enumerate(TRAPS.items()):
        root = scratch / str(number)
        trap.spring(sound_tree(root))
        found, error = outcome(root)
        agrees = found == trap.anomalib
        wrong |= not agrees
        sign = "" if agrees else f"  <-- {trap.anomalib} expected"
        sys.stdout.write(f"{name:<40} {found:<8} {error}{sign}\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

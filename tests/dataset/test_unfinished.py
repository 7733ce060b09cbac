"""What is to be done anew leaves no file behind, and nothing else is touched."""

from anomsynth.dataset.layout import Layout
from anomsynth.dataset.unfinished import remove_unfinished

KEPT = (
    "screw/train/good/000002.png",
    "screw/test/crack/000001.png",
    "screw/test/crack/7_is_mine.png",
    "_anomsynth/screw/class/legend.json",
    "_anomsynth/screw/manifest.jsonl",
    "_anomsynth/bolt/soft/000007.png",
    "bolt/test/crack/000007.png",
)
REMOVED = (
    "screw/train/good/000001.png",
    "screw/test/good/000001.png",
    "screw/test/crack/000007.png",
    "screw/test/combined/000002.png",
    "screw/ground_truth/crack/000007_mask.png",
    "_anomsynth/screw/class/000007_preview.png",
    "_anomsynth/screw/instance/000007.json",
    "_anomsynth/screw/height/000007.tiff",
    "_anomsynth/screw/foreground/000007.png",
    "_anomsynth/screw/foreground/good/000001.png",
)


def test_only_files_of_these_photos_and_samples_are_deleted(tmp_path) -> None:
    for name in (*KEPT, *REMOVED):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    remove_unfinished(Layout(tmp_path), "screw", {1}, {2, 7})

    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert left == set(KEPT)

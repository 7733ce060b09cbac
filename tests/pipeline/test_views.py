"""Several lights: one defect on all photos of a part, each lit as its light lies."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import anomsynth as asy
from anomsynth.core.types import Light
from anomsynth.dataset.manifest import read_lines
from anomsynth.errors import InputError, UserError
from anomsynth.pipeline.replay import remake, replay

AMBIENT = 0.3
MM_PER_PX = 0.1
LIGHTS = {
    "L0": {"azimuth_deg": 0, "elevation_deg": 40},
    "L1": {"azimuth_deg": 90, "elevation_deg": 40},
    "L2": {"azimuth_deg": 225, "elevation_deg": 55},
}
DENT = {"kind": "warpage", "weights": [1, 0, 0]}


def matt(mechanism: dict[str, object] = DENT, **changes: object) -> asy.Recipe:
    """Return a recipe of one defect on a matt part in linear light, nothing refined."""
    settings = {
        "encoding": "linear",
        "part": "picture",
        "mm_per_px": MM_PER_PX,
        "material": {"specular": 0, "ambient": AMBIENT},
        "severity": {"d_prime": 6, "delta_e": 0.1, "area_cap": 6},
        "defects_per_image": 1,
        "mechanisms": [{"generator": mechanism}],
    }
    return asy.load_recipe("generic", **{**settings, "refiners": [], **changes})


def write_part(
    folder: Path, part: str, views: tuple[str, ...] = tuple(LIGHTS), **how: object
) -> None:
    """Write 16-bit photos of a part with a little texture, one a view."""
    folder.mkdir(parents=True, exist_ok=True)
    shape, dtype = how.get("shape", (120, 150)), how.get("dtype", np.uint16)
    for number, view in enumerate(views):
        rng = np.random.default_rng(number)
        grey = 0.2 + 0.002 * rng.standard_normal(shape)
        levels = np.rint(grey * np.iinfo(dtype).max).astype(dtype)
        cv2.imwrite(str(folder / f"{part}_{view}.png"), levels)


@pytest.fixture
def parts(tmp_path) -> Path:
    for part in ("a", "b"):
        write_part(tmp_path / "photos", part)
    return tmp_path / "photos"


@pytest.fixture
def make(tmp_path, parts) -> Callable[..., Path]:
    """Make a dataset of the parts and return its folder."""

    def make(name: str = "out", recipe: asy.Recipe | None = None, **options: object) -> Path:
        chosen = {"per_image": 1, "test_share": 0, "tree_depth": 16, "jobs": 1, **options}
        chosen = {"views": tuple(LIGHTS), "lights": LIGHTS, "extras": ["height"], **chosen}
        asy.generate(parts, tmp_path / name, preset=recipe or matt(), **chosen)
        return tmp_path / name

    return make


def samples(out: Path) -> list[dict]:
    lines = read_lines(out / "_anomsynth" / "photos" / "manifest.jsonl")
    return [line for line in lines if line["what"] == "sample"]


def pictures(out: Path, line: dict) -> dict[str, np.ndarray]:
    """Return a sample's picture of each view, its mask and its height."""
    beside = {Path(name).parent.name: out / name for name in line["files"]["extras"]}
    paths = {"L0": out / line["files"]["image"], "mask": out / line["files"]["mask"]}
    tree = out / "_anomsynth" / "photos"
    inside = Path(line["files"]["image"]).relative_to("photos")
    paths |= {view: tree / f"view_{view}" / inside for view in ("L1", "L2")}
    assert paths["L1"].relative_to(out).as_posix() in line["files"]["extras"]
    paths["height"] = beside["height"]
    return {name: cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for name, path in paths.items()}


def lambert(height: np.ndarray, light: Light) -> np.ndarray:
    """Return the light of a relief in mm over that of the flat part."""
    down, right = np.gradient(height.astype(float) / MM_PER_PX)
    to_row, to_col, up = light.vector
    facing = (up - down * to_row - right * to_col) / np.sqrt(1 + down**2 + right**2)
    return AMBIENT + (1 - AMBIENT) * np.maximum(facing, 0) / up


def residual(parts: Path, line: dict, seen: dict[str, np.ndarray], lit_as: dict[str, str]) -> float:
    """Return the rms of log light that the height does not explain, over the log light's own."""
    off, own = [], []
    for view, other in lit_as.items():
        photo = parts / line["source"]["file"].replace("_L0", f"_{view}")
        before = cv2.imread(str(photo), cv2.IMREAD_UNCHANGED)
        strict = before != seen[view]
        ratio = np.log(seen[view][strict] / before[strict])
        off.append(ratio - np.log(lambert(seen["height"], Light(**LIGHTS[other]))[strict]))
        own.append(ratio)
    rms = [float(np.sqrt(np.mean(np.concatenate(values) ** 2))) for values in (off, own)]
    return rms[0] / rms[1]


def test_each_view_is_shaded_as_the_height_says_in_its_light(make, parts) -> None:
    out = make()

    for line in samples(out):
        seen = pictures(out, line)
        assert residual(parts, line, seen, {view: view for view in LIGHTS}) < 0.1
        # A test of the test: the same pictures in each other's light.
        swapped = {"L0": "L1", "L1": "L0", "L2": "L2"}
        assert residual(parts, line, seen, swapped) > 0.5


def test_one_mask_holds_for_all_views_and_all_else_is_the_photo(make, parts) -> None:
    out = make(recipe=matt(defects_per_image=3), extras=["strict", "height"])

    for line in samples(out):
        seen = pictures(out, line)
        place = next(name for name in line["files"]["extras"] if "/strict/" in name)
        strict = cv2.imread(str(out / place), cv2.IMREAD_UNCHANGED) > 0
        assert strict.any()
        assert (seen["mask"][strict] == 255).all()
        for view in LIGHTS:
            photo = parts / line["source"]["file"].replace("_L0", f"_{view}")
            before = cv2.imread(str(photo), cv2.IMREAD_UNCHANGED)
            changed = before != seen[view]
            assert changed.any()
            assert not (changed & ~strict).any()


def test_files_and_records_name_the_views(make, parts) -> None:
    out = make()

    lines = list(read_lines(out / "_anomsynth" / "photos" / "manifest.jsonl"))
    good = next(line for line in lines if line["what"] == "normal")
    assert good["source"]["file"] == "a_L0.png"
    assert {name: one["file"] for name, one in good["source"]["views"].items()} == {
        "L1": "a_L1.png",
        "L2": "a_L2.png",
    }
    assert good["files"]["extras"] == [
        "_anomsynth/photos/view_L1/train/good/000000.png",
        "_anomsynth/photos/view_L2/train/good/000000.png",
    ]
    copy = cv2.imread(str(out / good["files"]["extras"][0]), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(copy, cv2.imread(str(parts / "a_L1.png"), cv2.IMREAD_UNCHANGED))
    record = samples(out)[0]["record"]
    assert record["light"]["azimuth_deg"] == 0
    assert record["views"]["L2"]["light"] == {**LIGHTS["L2"], "confidence": 1}
    assert len(list((out / "photos" / "train" / "good").iterdir())) == 2
    options = json.loads((out / "_anomsynth" / "run.json").read_text())["options"]
    assert options["views"] == ["L0", "L1", "L2"]
    assert options["lights"][1] == {"view": "L1", **LIGHTS["L1"]}


def test_folders_of_views_are_the_same_as_names(make, parts, tmp_path) -> None:
    by_name = make("by_name")
    for photo in list(parts.iterdir()):
        part, view = photo.stem.split("_")
        (parts / view).mkdir(exist_ok=True)
        photo.rename(parts / view / f"{part}.png")
    by_folder = make("by_folder")

    one, other = samples(by_name)[0], samples(by_folder)[0]
    assert other["source"]["file"] == "L0/a.png"
    assert other["source"]["views"]["L1"]["file"] == "L1/a.png"
    assert one["source"]["sha256"] == other["source"]["sha256"]


def test_workers_and_resuming_change_nothing(make, tree) -> None:
    one = make("one", per_image=2)
    two = make("two", per_image=2, jobs=2)
    line = samples(two)[1]
    gone = [name for name in line["files"]["extras"] if "view_L1" in name]
    (two / gone[0]).unlink()
    make("two", per_image=2, jobs=2, resume=True)

    assert tree(one) == tree(two)


def test_shards_are_joined_with_all_views(make, tree) -> None:
    whole = make("whole")
    for shard in (1, 2):
        make("shards", shard=(shard, 2))
    asy.merge(whole.with_name("shards"))

    assert tree(whole) == tree(whole.with_name("shards"))


def test_samples_are_made_again_from_their_record(make, parts) -> None:
    out = make()
    line = samples(out)[1]
    seen = pictures(out, line)

    again = replay(out, line["id"])
    files = {path.name: path for path in remake(out, line["id"]).write(out.with_name("again"), "a")}

    assert np.array_equal(again.views["L1"].image, seen["L1"])
    for view in ("L1", "L2"):
        rewritten = cv2.imread(str(files[f"a_view_{view}.png"]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(rewritten, seen[view])
    assert {"a.png", "a_mask.png", "a_height.tiff"} <= files.keys()
    cv2.imwrite(str(parts / "b_L1.png"), np.full((120, 150), 9000, np.uint16))
    with pytest.raises(InputError, match="its other views are not those"):
        replay(out, line["id"])


def test_selections_and_archives_keep_the_views(make, call, tmp_path) -> None:
    out = make(per_image=2, test_share=0.5)
    better, tar = tmp_path / "better", tmp_path / "tar"

    kept = call("score", out, "--keep-top", 0.6, "--filter-to", better)
    again = call("score", better, "--filter-to", tmp_path / "twice")
    packed = call("export", better, tar, "--to", "webdataset")
    coco = call("export", better, tmp_path / "coco", "--to", "coco")

    assert [kept.exit_code, again.exit_code, packed.exit_code] == [0, 0, 0], kept.output
    assert "views are not in it, it holds pictures; webdataset has them" in coco.stderr
    for folder in (better, tmp_path / "twice"):
        for image in (folder / "photos").rglob("*.png"):
            if "ground_truth" in image.parts:
                continue
            inside = image.relative_to(folder / "photos")
            view = folder / "_anomsynth" / "photos" / "view_L1" / inside
            assert view.read_bytes() != image.read_bytes()
            source = out / "_anomsynth" / "photos" / "view_L1" / inside.parent
            assert view.read_bytes() in {path.read_bytes() for path in source.iterdir()}
    members: list[str] = []
    for shard in tar.glob("*.tar"):
        with tarfile.open(shard) as archive:
            members += archive.getnames()
    pictures = [name for name in members if name.count(".") == 1 and name.endswith(".png")]
    assert pictures
    for picture in pictures:
        assert f"{picture.removesuffix('.png')}.view_L2.png" in members


@pytest.mark.parametrize("kind", ["crack", "scratch", "pitting", "lump", "stain", "droplet"])
def test_every_view_shows_the_defect_through_the_refiners(make, parts, kind: str) -> None:
    recipe = asy.load_recipe("metal", base_share=0, mechanisms=[{"generator": {"kind": kind}}])

    out = make(recipe=recipe)

    for line in samples(out):
        seen = pictures(out, line)
        for view in LIGHTS:
            photo = parts / line["source"]["file"].replace("_L0", f"_{view}")
            before = cv2.imread(str(photo), cv2.IMREAD_UNCHANGED)
            changed = (before != seen[view]).sum()
            assert changed > 0.3 * line["record"]["area_px"]


def remove(folder: Path) -> None:
    (folder / "b_L1.png").unlink()


def enlarge(folder: Path) -> None:
    write_part(folder, "b", ("L2",), shape=(60, 80))


def flatten(folder: Path) -> None:
    write_part(folder, "b", ("L2",), dtype=np.uint8)


def add(folder: Path) -> None:
    cv2.imwrite(str(folder / "c.png"), np.zeros((9, 9), np.uint8))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (remove, r"b_L0\.png: no view 'L1' of this part"),
        (enlarge, r"b_L2\.png: 80 x 60 pixels, and b_L0\.png has 150 x 120"),
        (flatten, r"b_L2\.png: not of the type that b_L0\.png has"),
        (add, r"c\.png: its name tells none of the views L0, L1, L2"),
    ],
)
def test_photos_that_do_not_go_together_are_named(make, parts, spoil, said: str) -> None:
    spoil(parts)

    with pytest.raises(InputError, match=said):
        make(strict=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"L7": {"azimuth_deg": 0, "elevation_deg": 45}}', r"lights\.json: no view 'L7'"),
        ('{"L1": {"azimuth_deg": 0}}', r"lights\.json: L1: expected azimuth_deg and elevation"),
        ('{"L1": {"azimuth_deg": 0, "elevation_deg": 0}}', "elevation_deg: must lie above 0"),
        ('{"L1": {"azimuth_deg": "n", "elevation_deg": 9}}', "azimuth_deg: expected a number"),
        ("[1]", "expected a table of views"),
        ("{", "not JSON"),
    ],
)
def test_lights_that_cannot_be_are_refused(make, tmp_path, text: str, said: str) -> None:
    (tmp_path / "lights.json").write_text(text)

    with pytest.raises(InputError, match=said):
        make(lights=tmp_path / "lights.json")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"views": ["L0"], "lights": None}, "`views`: expected different names, two or more"),
        ({"views": ["L0", "a/b"], "lights": None}, "'a/b' cannot be part of a file name"),
        ({"views": None}, "`lights` needs `views`"),
    ],
)
def test_views_that_cannot_be_are_refused(make, options, said: str) -> None:
    with pytest.raises(UserError, match=said):
        make(**options)


def test_a_radiograph_has_no_lights(make) -> None:
    with pytest.raises(UserError, match="radiographs know no lights"):
        make(recipe=matt({"kind": "porosity"}, transmission=True))


def test_the_program_takes_views_and_lights(call, parts, tmp_path) -> None:
    (tmp_path / "lights.json").write_text(json.dumps(LIGHTS))
    words = ("--views", "L0,L1,L2", "--lights", tmp_path / "lights.json", "--jobs", 1)

    result = call("generate", parts, tmp_path / "out", "--kinds", "scratch", *words)

    assert result.exit_code == 0, result.output
    assert samples(tmp_path / "out")[0]["record"]["views"].keys() == {"L1", "L2"}

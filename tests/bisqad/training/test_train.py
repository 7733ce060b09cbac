"""A training writes its folder, repeats and resumes exactly, and finds spoiled samples."""

import csv
import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytest.importorskip("lightning_fabric")

import numpy as np  # noqa: E402 - needs torch
from safetensors import safe_open  # noqa: E402 - needs torch
from safetensors.torch import load_file, save_file  # noqa: E402 - needs torch

import anomsynth as asy  # noqa: E402 - needs torch
from anomsynth.bisqad.data.images import photo_tensor  # noqa: E402 - needs torch
from anomsynth.bisqad.data.pool import Pool  # noqa: E402 - needs torch
from anomsynth.bisqad.data.samples import find_split  # noqa: E402 - needs torch
from anomsynth.bisqad.detector import detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.evaluation.inference import predict_photos  # noqa: E402 - needs torch
from anomsynth.bisqad.evaluation.learned_sqe import LearnedSqe  # noqa: E402 - needs torch
from anomsynth.bisqad.feature_noise import noises  # noqa: E402 - needs torch
from anomsynth.bisqad.model.backbone import load_backbone  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run import load_run  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run_config import SQE, read_calibration  # noqa: E402 - needs torch
from anomsynth.bisqad.options import TrainOptions, TrainPlan  # noqa: E402 - needs torch
from anomsynth.bisqad.training.events import ImageSkipped, Prepared, Progress, TrainFinished  # noqa: E402 - needs torch
from anomsynth.bisqad.training.prepare import sqe_weights  # noqa: E402 - needs torch
from anomsynth.bisqad.training.run_folder import CHECKPOINT, RUN_FILES  # noqa: E402 - needs torch
from anomsynth.bisqad.training.train import train  # noqa: E402 - needs torch
from anomsynth.dataset.images import read_mask, read_photo, write_png  # noqa: E402 - needs torch
from anomsynth.errors import InputError, UserError  # noqa: E402 - needs torch
from anomsynth.recipe.load import load_recipe  # noqa: E402 - needs torch
from anomsynth.testing import make_pixels  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """Write nine good photos and a dozen with a dark square, in MVTec layout."""
    root = tmp_path_factory.mktemp("dataset") / "tile"
    for number in range(21):
        pixels = make_pixels(64, 64, seed=number)[..., 0].copy()
        folder = root / ("train/good" if number < 9 else "test/dent")
        folder.mkdir(parents=True, exist_ok=True)
        if number >= 9:
            truth = root / "ground_truth/dent"
            truth.mkdir(parents=True, exist_ok=True)
            mask = np.zeros((64, 64), np.uint8)
            top, left = 4 + number, 40 - number
            mask[top : top + 14, left : left + 14] = 255
            pixels[mask > 0] //= 2
            write_png(truth / f"{number:03d}_mask.png", mask, truth)
        write_png(folder / f"{number:03d}.png", pixels, folder)
    return root


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(dataset, tmp_path, cache, monkeypatch):
    """Train at 64 x 64 pixels with a hypergradient every second step."""
    monkeypatch.setattr("anomsynth.bisqad.training.loop.HYPERGRADIENT_EVERY", 2)
    monkeypatch.setattr("anomsynth.bisqad.training.session.PROGRESS_EVERY", 1)

    def run(name="run", on_event=None, *, root=dataset, plan=None, **options):
        events = []

        def listen(event):
            events.append(event)
            if on_event is not None:
                on_event(event)

        detector = options.get("detector")
        usual = {"epochs": 6} if detector is None or detector.takes_steps else {}
        chosen = TrainOptions(**{"size": 64, **usual, **options})
        finished = train(
            TrainPlan(root, tmp_path / name, chosen, cache=cache, **(plan or {})), listen
        )
        run.events = events
        return finished

    return run


def read_rows(path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def tensors_of(folder) -> dict:
    run = load_run(folder)
    return run.detector.state_dict()


def test_the_run_folder_is_complete_and_loads(run, tmp_path) -> None:
    finished = run()

    folder = tmp_path / "run"
    assert {path.name for path in folder.iterdir()} == set(RUN_FILES)
    loaded = load_run(folder)
    assert loaded.config.grey
    assert loaded.config.size == 64
    assert loaded.config.training["weights"] == "bilevel"
    assert len(read_calibration(folder)) >= 1
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, finished.steps + 1))
    assert any("outer" in line for line in lines)
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    rows = read_rows(folder / "weights.csv")
    assert np.mean([float(row["weight"]) for row in rows]) == pytest.approx(1, abs=1e-4)
    assert torch.__version__.startswith(json.loads((folder / "versions.json").read_text())["torch"])


def test_the_learned_quality_scores_as_it_weighed(run, dataset, tmp_path) -> None:
    run(epochs=8)
    rows = read_rows(tmp_path / "run/weights.csv")

    learned = LearnedSqe.load(tmp_path / "run")

    scores = []
    for row in rows:
        mask = dataset / "ground_truth/dent" / f"{Path(row['image']).stem}_mask.png"
        pixels = read_photo(Path(row["image"])).pixels
        scores.append(learned.score(pixels, read_mask(mask, pixels.shape[:2])).score)
    weights = np.array([float(row["weight"]) for row in rows])
    assert weights.std() > 1e-3
    np.testing.assert_allclose(np.array(scores) / np.mean(scores), weights, rtol=0.02)


def interrupt_at(step):
    """Return a listener that stops a training as Ctrl-C does."""

    def listen(event):
        if isinstance(event, Progress) and event.step == step:
            signal.raise_signal(signal.SIGINT)

    return listen


@pytest.fixture
def both(dataset, tmp_path):
    """Write a grey category and a coloured one that is brighter."""
    root = tmp_path / "both"
    for name in ("tile", "wood"):
        shutil.copytree(dataset, root / name)
    for path in (root / "wood").rglob("*.png"):
        if "ground_truth" not in path.parts:
            grey = read_photo(path).pixels[..., 0]
            write_png(path, np.stack([255 - grey // 2, grey, grey // 2], axis=-1), path.parent)
    return root


@pytest.mark.parametrize("kind", ["bisqad", "gaussian"])
def test_one_model_of_several_products_tells_them_apart(run, both, tmp_path, monkeypatch, kind):
    monkeypatch.setattr("anomsynth.bisqad.training.prepare.COLOUR_CHECKED", 2)

    run(root=both, unified=True, detector=detectors.build({"kind": kind}))

    loaded = load_run(tmp_path / "run")
    assert loaded.config.products == loaded.detector.products == 2
    assert not loaded.config.grey  # though the first photos are
    photos = [read_photo(both / name / "train/good/003.png") for name in ("wood", "tile")]
    images = torch.stack([photo_tensor(photo, 64, grey=False) for photo in photos])
    assert loaded.detector.products_of(loaded.backbone(images)).tolist() == [1, 0]


def test_one_model_of_several_products_resumes_bit_for_bit(run, both, tmp_path) -> None:
    options = {"root": both, "unified": True, "epochs": 3}
    run("straight", **options)
    with pytest.raises(KeyboardInterrupt):
        run("broken", interrupt_at(3), **options)
    run("broken", plan={"resume": True}, **options)

    straight, resumed = (tensors_of(tmp_path / name) for name in ("straight", "broken"))
    assert all(torch.equal(resumed[name], value) for name, value in straight.items())


@pytest.mark.parametrize("kind", ["gaussian", "nearest", "prototypes"])
def test_a_model_of_the_normal_needs_good_photos_only(run, dataset, tmp_path, kind) -> None:
    root = tmp_path / "tile"
    shutil.copytree(dataset / "train", root / "train")

    finished = run(root=root, detector=detectors.build({"kind": kind}))

    folder = tmp_path / "run"
    assert (finished.steps, finished.loss) == (0, None)
    assert {path.name for path in folder.iterdir()} == {
        *("model.safetensors", "config.json", "calibration.json", "versions.json", CHECKPOINT)
    }
    assert run(root=root, detector=detectors.build({"kind": kind}), plan={"resume": True}) == (
        finished
    )
    scores = np.array(read_calibration(folder))
    assert len(scores) == 9  # every good photo, none of them by a network that knew it
    assert np.median(scores) == pytest.approx(0, abs=1e-4)
    assert 1.4826 * np.median(np.abs(scores)) == pytest.approx(1, rel=1e-3)


def test_a_model_of_the_normal_finds_what_it_has_never_seen(run, dataset, tmp_path) -> None:
    run(detector=detectors.build({"kind": "nearest"}))
    loaded = load_run(tmp_path / "run")

    scores = {}
    for folder in ("train/good", "test/dent"):
        paths = sorted((dataset / folder).iterdir())
        found = predict_photos(loaded, paths)
        scores[folder] = [item.prediction.score for item in found]

    assert min(scores["test/dent"]) > max(scores["train/good"])
    assert min(scores["test/dent"]) > 3


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ({"online": True}, "learns no defects"),
        ({"spoil": 0.5}, "learns no defects"),
        ({"val": Path("real")}, "learns no defects"),
        ({"weights": "bilevel"}, "learns no defects"),
        ({"hypergrad": "implicit"}, "learns no defects"),
        ({"minutes": 1.0}, "takes no steps"),
        ({"epochs": 10}, "takes no steps"),
    ],
)
def test_options_are_refused_where_they_would_do_nothing(option, reason) -> None:
    (name,) = option

    with pytest.raises(UserError, match=f"`{name}`: a detector of kind gaussian .*{reason}"):
        TrainOptions(detector=detectors.build({"kind": "gaussian"}), **option)


def test_weights_are_not_learned_for_a_loss_of_another_kind() -> None:
    gated = detectors.build({"kind": "reconstruction", "gate": True})

    assert TrainOptions(detector=gated).weighting == "sqe"
    with pytest.raises(UserError, match=r"`weights`: .* cannot be learned"):
        TrainOptions(detector=gated, weights="bilevel")
    with pytest.raises(UserError, match="`hypergrad`: there is none where weights are uniform"):
        TrainOptions(weights="uniform", hypergrad="unrolled")


RESTORER = {"kind": "reconstruction", "width": 16, "layers": 1, "window": 3}


@pytest.mark.parametrize("options", [{}, {"masks": [1, 2], "gate": True}])
def test_a_restorer_resumes_bit_for_bit(run, dataset, tmp_path, options) -> None:
    root = tmp_path / "tile"
    parts = ("train", "test", "ground_truth") if options else ("train",)  # the gate needs defects
    for part in parts:
        shutil.copytree(dataset / part, root / part)

    given = {"root": root, "detector": detectors.build(RESTORER | options)}
    finished = run("straight", **given)
    with pytest.raises(KeyboardInterrupt):
        run("broken", interrupt_at(3), **given)
    run("broken", plan={"resume": True}, **given)

    straight, resumed = (tensors_of(tmp_path / name) for name in ("straight", "broken"))
    assert all(torch.equal(resumed[name], value) for name, value in straight.items())
    told = [(tmp_path / name / "calibration.json") for name in ("straight", "broken")]
    assert told[0].read_bytes() == told[1].read_bytes()
    assert finished.epochs == 6
    first = (tmp_path / "straight/metrics.jsonl").read_text().splitlines()[0]
    assert finished.loss < json.loads(first)["loss"]
    assert (tmp_path / "straight/weights.csv").exists() == bool(options)


def test_noise_in_features_is_drawn_again_after_an_interruption(run, tmp_path) -> None:
    noise = noises.build({"kind": "boundary", "share": 0.5})
    given = {"noise": noise, "weights": "uniform", "epochs": 3}
    run("straight", **given)
    run("plain", **given | {"noise": None})
    with pytest.raises(KeyboardInterrupt):
        run("broken", interrupt_at(3), **given)
    run("broken", plan={"resume": True}, **given)

    names = ("straight", "broken", "plain")
    straight, resumed, plain = (tensors_of(tmp_path / name) for name in names)
    assert all(torch.equal(resumed[name], value) for name, value in straight.items())
    assert not all(torch.equal(plain[name], value) for name, value in straight.items())


@pytest.fixture(scope="session")
def paired(tmp_path_factory):
    """Make defects of a dozen photos, so that a manifest says which was made from which."""
    photos = tmp_path_factory.mktemp("photos") / "tile"
    for number in range(12):
        pixels = make_pixels(64, 64, seed=number)[..., 0].copy()
        photos.mkdir(exist_ok=True)
        write_png(photos / f"{number}.png", pixels, photos)
    out = tmp_path_factory.mktemp("paired") / "set"
    asy.generate(photos, out, kinds="pitting", per_image=1, jobs=1)
    return out


ONENIP = {"kind": "onenip", "width": 16, "layers": 1, "window": 3, "prompts": 2}


def test_defects_are_paired_with_the_photos_they_were_made_from(paired, tmp_path) -> None:
    options = TrainOptions(size=64, detector=detectors.build(ONENIP))
    split = find_split(paired, options)

    for item in split.defects:
        (pixels, mask), (before, same) = item.read(), item.before.read()
        changed = (pixels != before).any(-1)
        assert changed.any()
        assert changed[mask].mean() > 0.5  # the outline is closed: a little of it may be unchanged
        assert np.array_equal(mask, same)
    tiled = replace(split.defects[0], tile=32)
    one, other = tiled.read()[0], tiled.before.read()[0]
    assert one.shape == other.shape == (32, 32, 1)
    assert (one == other).mean() > 0.3


@pytest.mark.parametrize("online", [False, True])
def test_a_prompted_restorer_resumes_bit_for_bit(
    run, paired, tmp_path, monkeypatch, online
) -> None:
    monkeypatch.setattr("anomsynth.bisqad.data.samples.MOST_HELD", 4)

    given = {"root": paired, "detector": detectors.build(ONENIP), "weights": "uniform"}
    given |= {"epochs": 4, "online": online}
    run("straight", **given)
    with pytest.raises(KeyboardInterrupt):
        run("broken", interrupt_at(3), **given)
    run("broken", plan={"resume": True}, **given)

    straight, resumed = (tensors_of(tmp_path / name) for name in ("straight", "broken"))
    assert all(torch.equal(resumed[name], value) for name, value in straight.items())


def test_weights_by_score_take_the_recorded_one_and_measure_nothing(
    run, paired, tmp_path, monkeypatch
) -> None:
    def never():
        pytest.fail("a score was measured")

    manifest = paired / "_anomsynth/tile/manifest.jsonl"
    made = [json.loads(line) for line in manifest.read_text().splitlines()]
    scores = {
        line["files"]["image"]: line["scores"]["score"]
        for line in made
        if line.get("what") == "sample"
    }
    split = find_split(paired, TrainOptions(size=64, weights="sqe"))
    assert all(
        item.score == scores[item.image.relative_to(paired).as_posix()] for item in split.defects
    )
    plain = find_split(paired, TrainOptions(size=64))
    assert all(item.score is None for item in plain.defects)

    monkeypatch.setattr("anomsynth.bisqad.training.prepare.term_measure", never)
    run("known", root=paired, weights="sqe", epochs=1)
    count = len(split.defects)
    nothing = torch.zeros(count, 0)
    pool = Pool(split.defects, [], torch.ones(1, count, 4, 4), nothing, torch.device("cpu"))
    ranked = np.argsort([item.score for item in split.defects])
    weights = sqe_weights(pool)[ranked].tolist()
    assert weights == sorted(weights)
    assert weights[0] < weights[-1]


def test_weights_by_score_are_measured_where_one_defect_has_none(paired, tmp_path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(paired, copy)
    manifest = copy / "_anomsynth/tile/manifest.jsonl"
    lines = manifest.read_text().splitlines()
    at = next(nth for nth, line in enumerate(lines) if json.loads(line)["what"] == "sample")
    line = json.loads(lines[at])
    del line["scores"]
    manifest.write_text("\n".join([*lines[:at], json.dumps(line), *lines[at + 1 :]]) + "\n")

    split = find_split(copy, TrainOptions(size=64, weights="sqe"))

    assert all(item.score is None for item in split.defects)


def test_pairs_are_asked_for_where_nobody_knows_them(run) -> None:
    with pytest.raises(InputError, match="does not say which photo a defect was made from"):
        run(detector=detectors.build(ONENIP), weights="uniform")


def test_runs_without_a_learned_quality_say_so(run, tmp_path) -> None:
    run(weights="uniform", epochs=1)

    with pytest.raises(InputError, match="this run learned no quality"):
        LearnedSqe.load(tmp_path / "run")


def test_events_tell_what_happens_in_order(run) -> None:
    run(weights="uniform", epochs=2)

    kinds = list(dict.fromkeys(type(event) for event in run.events))
    assert kinds[0] is Prepared
    assert kinds[-1] is TrainFinished
    steps = [event for event in run.events if isinstance(event, Progress)]
    assert [event.step for event in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].share == 1


def test_learning_lowers_the_loss(run) -> None:
    run(weights="uniform", epochs=40)

    losses = [event.loss for event in run.events if isinstance(event, Progress)]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


@pytest.mark.parametrize("weights", ["bilevel", "sqe"])
def test_the_same_seed_gives_the_same_bits_and_another_does_not(run, tmp_path, weights) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(name, weights=weights, seed=seed, epochs=3)

    first, again, other = (tensors_of(tmp_path / name) for name in "abc")
    assert all(torch.equal(again[name], value) for name, value in first.items())
    assert not torch.equal(other["decoder.head.weight"], first["decoder.head.weight"])


@pytest.mark.parametrize("hypergrad", ["implicit", "unrolled"])
def test_an_interrupted_run_resumes_bit_for_bit(run, tmp_path, hypergrad) -> None:
    run("straight", hypergrad=hypergrad)
    with pytest.raises(KeyboardInterrupt):
        run("broken", interrupt_at(5), hypergrad=hypergrad)
    assert not (tmp_path / "broken/model.safetensors").exists()
    run("broken", hypergrad=hypergrad, plan={"resume": True})

    straight, resumed = (tensors_of(tmp_path / name) for name in ("straight", "broken"))
    assert all(torch.equal(resumed[name], value) for name, value in straight.items())
    for name in (SQE, "weights.csv", "metrics.jsonl", "calibration.json"):
        assert (tmp_path / "broken" / name).read_bytes() == (
            tmp_path / "straight" / name
        ).read_bytes()


@pytest.fixture
def made(dataset, tmp_path):
    """Return the dataset as if `generate` had made it, so that its recipe is known."""
    root = tmp_path / "made"
    shutil.copytree(dataset, root / "tile")
    recipe = load_recipe("metal").model_dump(mode="json", exclude_none=True)
    (root / "_anomsynth").mkdir()
    (root / "_anomsynth/run.json").write_text(json.dumps({"recipe": recipe}))
    return root


# 5 is inside the third epoch, 4 is where it begins.
@pytest.mark.parametrize("stop", [4, 5])
def test_defects_made_on_the_fly_resume_bit_for_bit(run, made, tmp_path, monkeypatch, stop) -> None:
    monkeypatch.setattr("anomsynth.bisqad.data.samples.MOST_HELD", 6)

    options = {"root": made, "online": True, "epochs": 3}
    run("straight", **options)
    with pytest.raises(KeyboardInterrupt):
        run("broken", interrupt_at(stop), **options)
    run("broken", plan={"resume": True}, **options)

    straight, resumed = (tensors_of(tmp_path / name) for name in ("straight", "broken"))
    assert all(torch.equal(resumed[name], value) for name, value in straight.items())
    names = [row["id"] for row in read_rows(tmp_path / "straight/weights.csv")]
    assert sum(name.startswith("made/") for name in names) == 9
    assert (tmp_path / "broken/weights.csv").read_bytes() == (
        tmp_path / "straight/weights.csv"
    ).read_bytes()


def test_the_ordinary_answer_to_ctrl_c_comes_back_afterwards(run) -> None:
    before = signal.getsignal(signal.SIGINT)

    run(weights="uniform", epochs=1)

    assert signal.getsignal(signal.SIGINT) is before


def test_a_finished_run_is_not_trained_again(run, tmp_path) -> None:
    first = run(weights="uniform", epochs=1)
    before = (tmp_path / "run/model.safetensors").stat().st_mtime_ns

    again = run(weights="uniform", epochs=1, plan={"resume": True})

    assert again == first
    assert (tmp_path / "run/model.safetensors").stat().st_mtime_ns == before


def test_a_mistaken_dataset_leaves_the_run_that_was_to_be_replaced(run, tmp_path) -> None:
    run(weights="uniform", epochs=1)
    before = {path.name for path in (tmp_path / "run").iterdir()}

    with pytest.raises(InputError, match="no such folder"):
        run(root=tmp_path / "nowhere", plan={"overwrite": True})

    assert {path.name for path in (tmp_path / "run").iterdir()} == before


def test_resuming_with_other_options_is_refused(run) -> None:
    run(weights="uniform", epochs=1)

    with pytest.raises(UserError, match="was begun with seed 0, not 3"):
        run(weights="uniform", epochs=1, seed=3, plan={"resume": True})


def test_a_checkpoint_of_another_shape_is_refused(run, tmp_path) -> None:
    def interrupt(event):
        if isinstance(event, Progress):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run("run", interrupt)
    path = tmp_path / "run" / CHECKPOINT
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        about = file.metadata()
    tensors["sqe.net.straight"] = tensors["sqe.net.straight"][:3].clone()
    save_file(tensors, path, about)

    with pytest.raises(InputError, match=r"checkpoint.safetensors: .* has shape"):
        run(plan={"resume": True})


def test_a_corrupt_image_costs_that_image(run, dataset, tmp_path) -> None:
    root = tmp_path / "tile"
    shutil.copytree(dataset, root)
    (root / "train/good/002.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")

    finished = run(root=root, weights="uniform", epochs=1)

    assert finished.skipped == 1
    skipped = [event for event in run.events if isinstance(event, ImageSkipped)]
    assert "002.png" in skipped[0].message


def test_nothing_usable_is_said_with_the_reason(run, dataset, tmp_path) -> None:
    root = tmp_path / "tile"
    shutil.copytree(dataset, root)
    for path in (root / "test/dent").iterdir():
        path.write_bytes(b"no picture")

    with pytest.raises(InputError, match=r"none of its defects can be used, e\.g\. .*dent"):
        run(root=root, weights="uniform", epochs=1)


def test_a_missing_device_is_named(dataset, tmp_path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")

    with pytest.raises(UserError, match="`device='cuda'`"):
        train(TrainPlan(dataset, tmp_path / "run", device="cuda"))
    assert not (tmp_path / "run").exists()


def test_spoiled_samples_are_counted_and_reported(run, tmp_path) -> None:
    finished = run(spoil=0.5, epochs=1)

    rows = read_rows(tmp_path / "run/weights.csv")
    faults = [row["fault"] for row in rows]
    assert faults.count("shifted") + faults.count("filled") == round(0.5 * len(rows))
    assert finished.spoiled_weight is not None


def test_minutes_end_a_training(run) -> None:
    finished = run(weights="uniform", minutes=0.005)

    assert finished.seconds < 10
    assert finished.steps >= 1


def test_the_backbone_sees_a_training_photo_as_a_prediction_does(run, dataset, tmp_path) -> None:
    run(weights="uniform", epochs=1)
    loaded = load_run(tmp_path / "run")
    photo = sorted((dataset / "train/good").iterdir())[0]

    image = photo_tensor(read_photo(photo), 64, grey=loaded.config.grey)
    features = load_backbone()(image[None])

    scores = read_calibration(tmp_path / "run")
    with torch.no_grad():
        logits = loaded.detector(features)
    assert torch.isfinite(logits).all()
    assert len(scores) >= 1

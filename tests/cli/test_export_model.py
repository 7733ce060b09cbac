"""`anomsynth export-model` writes a network that a line can run without this package."""

import json
import sys
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")

import cv2  # noqa: E402 - needs torch
import numpy as np  # noqa: E402 - needs torch

import anomsynth as asy  # noqa: E402 - needs torch
from anomsynth.bisqad.detector import detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.model.backbone import load_backbone  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run import build_detector, load_run, write_run  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run_config import RunConfig, write_calibration  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SIZE = 64


def make_run(folder, *, grey=False, kind="pyramid", products=1):
    strides = {"channels": (24, 40, 112), "strides": (4, 8, 16)}
    small = {} if kind in ("gaussian", "nearest", "prototypes") else {"width": 8}
    detector = detectors.build({"kind": kind, **small})
    config = RunConfig("tf_efficientnet_lite0", detector=detector, size=SIZE, grey=grey, **strides)
    config = replace(config, products=products)
    network = build_detector(config)
    draw = torch.Generator().manual_seed(0)
    photos = torch.rand(9 * products, 3, SIZE, SIZE, generator=draw)
    numbers = torch.arange(products).repeat_interleave(9)
    features = load_backbone()(photos / (1 + numbers).view(-1, 1, 1, 1))  # each darker
    if products > 1:
        network.learn_products(lambda: [features], numbers)
        for name, values in network.named_parameters():
            if name.endswith("own"):
                values.data.normal_(0, 0.1, generator=draw)
    network.learn_normal(lambda: [features])
    if kind == "bisqad":
        network.scale_side_maps(network.side_maps(features), numbers)
        network.get_buffer("weights").fill_(0.5)
    # Photos of noise are far from each other: their maps must not leave the range of the PNG.
    wide = 3e3 if kind == "bisqad" else 1.0
    network.set_unit(wide * torch.tensor([-3.0, -2.0, 1.0]))
    write_run(folder, network, config)
    write_calibration(folder, [-100.0] * 98 + [100.0])
    return folder


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run")


def network_input(pixels: np.ndarray, description: dict) -> np.ndarray:
    """Do what the description says, with OpenCV and numpy alone."""
    asked = description["input"]
    _, channels, height, width = asked["shape"]
    levels = pixels
    if "0.299" in asked["channels"]:
        levels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    smaller = min(levels.shape[1], width), min(levels.shape[0], height)
    once = (levels.shape[1], smaller[1])
    for size in (once, smaller):
        levels = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    levels = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    values = levels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    planes = np.repeat(values[None], 3, 0) if values.ndim == 2 else values.transpose(2, 0, 1)
    assert planes.shape == (channels, height, width)
    return planes


@pytest.mark.parametrize(
    ("grey", "kind"),
    [
        *(
            (False, kind)
            for kind in ("pyramid", "bisqad", "prototypes", "reconstruction", "onenip")
        ),
        (True, "pyramid"),
    ],
)
def test_the_network_answers_as_predict_does(call, tmp_path, grey, kind) -> None:
    run = make_run(tmp_path / "run", grey=grey, kind=kind)
    photos = []
    for number, (shape, dtype) in enumerate(
        [((100, 150, 3), np.uint8), ((90, 40, 3), np.uint16), ((64, 64, 3), np.uint8)]
    ):
        high = np.iinfo(dtype).max
        photos.append(np.random.default_rng(number).integers(0, high, shape, dtype=dtype))
        write_png(tmp_path / f"{number}.png", photos[-1], tmp_path)
    told = asy.predict(
        run,
        [tmp_path / f"{number}.png" for number in range(3)],
        tmp_path / "out",
        threshold=0,
        file_format="tiff",
    )

    result = call("export-model", run, "--to", "onnx", "--out", tmp_path / "line/part.onnx")

    assert result.exit_code == 0, result.output
    assert f"Next: anomsynth predict {run} PHOTOS" in result.stdout
    description = json.loads((tmp_path / "line/part.json").read_text())
    assert description["network"] == "part.onnx"
    session = onnxruntime.InferenceSession(tmp_path / "line/part.onnx")
    images = np.stack([network_input(photo, description) for photo in photos])
    maps, scores = session.run(["map", "score"], {description["input"]["name"]: images})
    assert list(maps.shape) == [3, *description["outputs"]["map"]["shape"][1:]]
    for number, decision in enumerate(told.decisions):
        assert scores[number] == pytest.approx(decision.score, abs=1e-4, rel=1e-6)
        values = cv2.imread(str(tmp_path / "out" / decision.map), cv2.IMREAD_UNCHANGED)
        shape = (values.shape[1], values.shape[0])
        enlarged = cv2.resize(maps[number], shape, interpolation=cv2.INTER_LINEAR)
        assert np.allclose(values, enlarged, atol=1e-4, rtol=1e-6)


def test_maps_are_those_of_torch_for_any_number_of_photos(run, tmp_path) -> None:
    done = asy.export_model(run)

    assert done.network == run / "model.onnx"
    loaded = load_run(run)
    session = onnxruntime.InferenceSession(done.network)
    for count in (1, 2, 5):
        images = torch.rand(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(count))
        (maps,) = session.run(["map"], {"image": images.numpy()})
        with torch.no_grad():
            expected = loaded.detector.anomaly_map(loaded.backbone(images))[:, 0].numpy()
        assert np.abs(maps - expected).max() < 1e-4


@pytest.mark.parametrize("kind", ["bisqad", "pyramid", "gaussian"])
def test_the_file_tells_products_apart_as_torch_does(tmp_path, kind) -> None:
    run = make_run(tmp_path / "run", kind=kind, products=3)

    done = asy.export_model(run)

    session = onnxruntime.InferenceSession(done.network)
    loaded = load_run(run)
    images = torch.rand(6, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    images /= torch.tensor([3, 1, 2, 2, 1, 3]).view(-1, 1, 1, 1)
    (maps,) = session.run(["map"], {"image": images.numpy()})
    with torch.no_grad():
        features = loaded.backbone(images)
        expected = loaded.detector.anomaly_map(features)[:, 0].numpy()
    assert loaded.detector.products_of(features).tolist() == [2, 0, 1, 1, 0, 2]
    assert np.abs(maps - expected).max() < 1e-4


def test_the_threshold_stands_beside_it(run) -> None:
    done = asy.export_model(run, false_alarm_rate=0.02)

    said = json.loads(done.description.read_text())
    assert said["defective"] == {
        "score_above": -100.0,
        "false_alarm_rate": pytest.approx(0.02),
        "good_photos": 99,
    }


def test_a_run_without_scores_of_good_photos_has_no_threshold(call, run) -> None:
    (run / "calibration.json").unlink()

    result = call("export-model", run)

    assert result.exit_code == 0
    assert "names no threshold" in result.stderr
    assert json.loads((run / "model.json").read_text())["defective"] is None


def test_an_earlier_export_is_kept_unless_asked(call, run) -> None:
    first, second, third = (
        call("export-model", run, *words) for words in ([], [], ["--overwrite"])
    )

    assert [result.exit_code for result in (first, second, third)] == [0, 2, 0]
    assert "model.onnx: is there already; choose another name, or give --overwrite" in second.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere: no such folder"),
        (["{run}", "--out", "{run}/net.pt"], "--out: expected a name that ends in .onnx"),
        (["{run}", "--false-alarm-rate", "2"], "--false-alarm-rate: must be between 0 and 1"),
    ],
)
def test_user_errors_are_one_line_and_write_nothing(call, run, words, said) -> None:
    before = sorted(run.iterdir())

    result = call("export-model", *(word.format(run=run) for word in words))

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert sorted(run.iterdir()) == before


def test_without_onnx_one_line_names_the_extra(call, run, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)

    result = call("export-model", run)

    assert result.exit_code == 2
    assert result.stderr == "anomsynth: not installed: onnx; pip install 'anomsynth[onnx]'\n"

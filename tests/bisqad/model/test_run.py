"""A run folder comes back as it was written, and says in one sentence what is wrong with it."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

import numpy as np  # noqa: E402 - needs torch
from safetensors.torch import load_file, save_file  # noqa: E402 - needs torch

from anomsynth.bisqad.model.run import (  # noqa: E402 - needs torch
    build_detector,
    choose_device,
    load_run,
    read_detector,
    write_run,
)
from anomsynth.bisqad.model.run_config import (  # noqa: E402 - needs torch
    CALIBRATION,
    CONFIG,
    FORMAT,
    MODEL,
    RunConfig,
    read_calibration,
    read_config,
    write_calibration,
)
from anomsynth.detectors.pyramid import Pyramid  # noqa: E402 - needs torch
from anomsynth.errors import InputError, OutputError, UserError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

TINY = RunConfig(
    backbone="tf_efficientnet_lite0",
    channels=(24, 40, 112),
    strides=(4, 8, 16),
    detector=Pyramid(width=8),
    size=64,
    grey=True,
    training={"seed": 3, "weights": "uniform"},
)


@pytest.fixture
def folder(tmp_path):
    write_run(tmp_path / "run", build_detector(TINY), TINY)
    return tmp_path / "run"


def change(folder, **values) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_run_comes_back_as_it_was_written(tmp_path) -> None:
    detector = build_detector(TINY, torch.Generator().manual_seed(7))
    detector.mean1 += 3

    write_run(tmp_path, detector, TINY)
    run = load_run(tmp_path)

    assert run.config == TINY
    for name, values in detector.state_dict().items():
        assert torch.equal(run.detector.state_dict()[name], values)
    assert not any(parameter.requires_grad for parameter in run.detector.parameters())


def test_a_run_of_before_the_common_unit_gives_the_maps_it_gave(folder) -> None:
    tensors = load_file(folder / MODEL)
    del tensors["center"], tensors["spread"]
    save_file(tensors, folder / MODEL)
    shapes = zip(TINY.channels, TINY.strides, strict=True)
    features = [torch.randn(1, count, 64 // stride, 64 // stride) for count, stride in shapes]

    detector = load_run(folder).detector

    assert torch.equal(detector.anomaly_map(features), detector(features))


def test_folder_holds_no_pickle_and_nothing_half_written(folder) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [CONFIG, MODEL]
    assert b"pickle" not in (folder / MODEL).read_bytes()
    assert set(load_file(folder / MODEL)) == set(build_detector(TINY).state_dict())


def test_calibration_comes_back_sorted(folder) -> None:
    write_calibration(folder, [0.5, -2.0, np.float32(1.25)])

    assert read_calibration(folder) == (-2.0, 0.5, 1.25)


def test_calibration_needs_only_the_scores(folder) -> None:
    (folder / CALIBRATION).write_text('{"normal_scores": [1, 0.5]}')

    assert read_calibration(folder) == (0.5, 1.0)


@pytest.mark.parametrize("text", ["[]", "{}", '{"normal_scores": []}', '{"normal_scores": [NaN]}'])
def test_damaged_calibration_is_reported(folder, text) -> None:
    (folder / CALIBRATION).write_text(text)

    with pytest.raises(InputError, match=r"calibration\.json"):
        read_calibration(folder)


def test_missing_calibration_says_what_to_do(folder) -> None:
    with pytest.raises(InputError, match=r"calibration\.json: missing") as caught:
        read_calibration(folder)

    assert "`threshold`" in caught.value.hint


def test_other_format_names_the_version_that_wrote_it(folder) -> None:
    change(folder, format=2, anomsynth="9.1.0")

    with pytest.raises(InputError, match="format 2, this anomsynth reads format 1") as caught:
        load_run(folder)

    assert "9.1.0" in caught.value.hint


def test_weights_of_other_shape_name_the_tensor(folder) -> None:
    change(folder, detector={"kind": "pyramid", "width": 16})

    with pytest.raises(InputError, match=r"blocks\.0\.convolution\.weight is \(8, 8, 3, 3\)"):
        load_run(folder)


def test_weights_of_another_network_are_reported(folder) -> None:
    save_file({"conv.weight": torch.zeros(1)}, folder / MODEL)

    with pytest.raises(InputError, match=r"none of that name|missing"):
        read_detector(folder, TINY)


def test_cut_off_weights_are_reported(folder) -> None:
    (folder / MODEL).write_bytes((folder / MODEL).read_bytes()[:-10])

    with pytest.raises(InputError, match=r"model\.safetensors: damaged"):
        load_run(folder)


def test_emptied_settings_and_weights_that_cannot_be_read_are_told_as_that(
    folder, monkeypatch
) -> None:
    config = read_config(folder)

    def forbid(path: object) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("anomsynth.bisqad.model.run.read_bytes", forbid)
    with pytest.raises(InputError, match=r"safetensors: cannot be read: Permission denied"):
        read_detector(folder, config)
    (folder / "config.json").write_text("")
    with pytest.raises(InputError, match=r"config\.json: the file is empty"):
        read_config(folder)


def test_unfinished_training_is_reported(folder) -> None:
    (folder / MODEL).unlink()

    with pytest.raises(InputError, match="did not finish") as caught:
        load_run(folder)

    assert "`resume=True`" in caught.value.hint


@pytest.mark.parametrize(
    "values",
    [
        {"channels": "many"},
        {"channels": []},
        {"detector": {"kind": "pyramid", "width": 0}},
        {"size": 100},
        {"strides": [4]},
    ],
)
def test_damaged_settings_are_reported(folder, values) -> None:
    change(folder, **values)

    with pytest.raises(InputError, match=r"config\.json: damaged"):
        read_config(folder)


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_settings_that_are_no_json_object_are_reported(folder, text) -> None:
    (folder / CONFIG).write_text(text)

    with pytest.raises(InputError, match=r"config\.json"):
        read_config(folder)


def test_folder_of_runs_lists_them(folder) -> None:
    with pytest.raises(InputError, match="not a run") as caught:
        read_config(folder.parent)

    assert folder.name in caught.value.hint


def test_missing_folder_is_reported(tmp_path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_config(tmp_path / "nowhere")


def test_backbone_with_other_features_is_reported(folder, monkeypatch) -> None:
    change(folder, channels=[24, 40, 100])
    config = read_config(folder)
    write_run(folder, build_detector(config), config)

    with pytest.raises(InputError, match=r"\(24, 40, 100\) channels"):
        load_run(folder)


def test_device_that_is_not_there_is_reported() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")

    with pytest.raises(UserError, match=r"`device='cuda'`: .* finds no such device") as caught:
        choose_device("cuda")

    assert "`device='cpu'`" in caught.value.hint
    assert choose_device("auto").type in {"cpu", "mps"}


def test_nonsense_device_is_reported() -> None:
    with pytest.raises(UserError, match="no such device 'gpu'"):
        choose_device("gpu")


def test_folder_that_cannot_be_made_is_reported(tmp_path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match="file"):
        write_run(tmp_path / "file" / "run", build_detector(TINY), TINY)


def test_format_is_written(folder) -> None:
    assert json.loads((folder / CONFIG).read_text())["format"] == FORMAT == 1


def test_a_run_of_a_time_with_one_kind_of_detector_is_read(folder) -> None:
    values = json.loads((folder / CONFIG).read_text())
    del values["detector"]
    (folder / CONFIG).write_text(json.dumps({**values, "width": 8}))

    assert read_config(folder) == TINY


def test_a_detector_that_is_not_installed_is_named(folder) -> None:
    change(folder, detector={"kind": "flows"})

    with pytest.raises(InputError, match=r"config\.json: no detectors of kind 'flows'") as caught:
        read_config(folder)
    assert caught.value.hint == "install the package that provides it"

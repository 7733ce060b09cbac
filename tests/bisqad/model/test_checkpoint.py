"""Checkpoints are whole, hold no code, and refuse what does not fit."""

import json

import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

from anomsynth.bisqad.model.checkpoint import check_shapes, fill, load_tensors, save_tensors  # noqa: E402 - needs torch
from anomsynth.bisqad.model.sqe_net import SqeNet  # noqa: E402 - needs torch
from anomsynth.bisqad.training.run_folder import CHECKPOINT  # noqa: E402 - needs torch
from anomsynth.errors import InputError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


@pytest.fixture
def path(tmp_path):
    return tmp_path / CHECKPOINT


def test_tensors_and_what_is_said_about_them_come_back(path) -> None:
    generator = torch.Generator().manual_seed(3)
    tensors = {
        "weights": torch.randn(3, 4),
        "turned": torch.randn(4, 3).T,
        "state": generator.get_state(),
        "empty": torch.zeros(0, dtype=torch.int64),
        "scalar": torch.tensor(5),
    }

    save_tensors(path, "checkpoint", tensors, share=0.25)
    found, about = load_tensors(path, "checkpoint")

    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], value) for name, value in tensors.items())
    assert about["share"] == 0.25


def test_the_file_is_plain_safetensors(path) -> None:
    save_tensors(path, "checkpoint", {"a": torch.ones(2)})

    assert torch.equal(safetensors.load(path.read_bytes())["a"], torch.ones(2))
    assert [item.name for item in path.parent.iterdir()] == [CHECKPOINT]


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x80\x04pickle" * 20])
def test_damaged_files_are_named(path, content) -> None:
    path.write_bytes(content)

    with pytest.raises(InputError, match=rf"{CHECKPOINT}: damaged"):
        load_tensors(path, "checkpoint")


def test_a_cut_off_file_is_damaged(path) -> None:
    save_tensors(path, "checkpoint", {"a": torch.ones(200)})
    path.write_bytes(path.read_bytes()[:-50])

    with pytest.raises(InputError, match="damaged"):
        load_tensors(path, "checkpoint")


def test_missing_foreign_and_other_files_are_told_apart(path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_tensors(path, "checkpoint")

    path.write_bytes(safetensors.save({"a": torch.ones(2)}))
    with pytest.raises(InputError, match="not a checkpoint of anomsynth"):
        load_tensors(path, "checkpoint")

    save_tensors(path, "learned SQE", {"a": torch.ones(2)})
    with pytest.raises(InputError, match="not a checkpoint of anomsynth"):
        load_tensors(path, "checkpoint")


def test_another_version_is_refused(path) -> None:
    header = json.dumps({"format": 99, "what": "checkpoint"})
    path.write_bytes(safetensors.save({"a": torch.ones(2)}, metadata={"anomsynth": header}))

    with pytest.raises(InputError, match="of format 99, this version reads 1"):
        load_tensors(path, "checkpoint")


def test_modules_take_their_own_tensors_only(path) -> None:
    net, other = SqeNet("abc"), SqeNet("abc")
    net.straight.data += 1
    fill(other, net.state_dict(), path)
    assert torch.equal(other.straight, net.straight)

    with pytest.raises(InputError, match=r"straight has shape \(6,\), .* needs \(7,\)"):
        check_shapes({"straight": (7,)}, {"straight": torch.zeros(6)}, path)
    with pytest.raises(InputError, match="holds no scale"):
        fill(net, {k: v for k, v in net.state_dict().items() if k != "scale"}, path)
    with pytest.raises(InputError, match="holds extra, which this model does not have"):
        fill(net, {**net.state_dict(), "extra": torch.zeros(1)}, path)

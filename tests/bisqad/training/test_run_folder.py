"""The folder of a training is begun, resumed or left alone, and never lost by a mistake."""

import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.training.run_folder import CHECKPOINT, check_folder, clear_folder  # noqa: E402 - needs torch
from anomsynth.bisqad.training.session import Checkpoint, load_checkpoint  # noqa: E402 - needs torch
from anomsynth.errors import OutputError, UserError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


def write_checkpoint(folder) -> None:
    Checkpoint({"a": torch.ones(2)}, {"seed": 3}, 1.5, 0.25, {}).save(folder)


def test_an_empty_or_new_folder_is_begun(tmp_path) -> None:
    assert not check_folder(tmp_path / "new/run", resume=False, overwrite=False)
    assert not check_folder(tmp_path / "new/run", resume=True, overwrite=False)


def test_a_run_needs_a_word_to_be_resumed_or_replaced(tmp_path) -> None:
    write_checkpoint(tmp_path)

    with pytest.raises(OutputError, match="holds a run already"):
        check_folder(tmp_path, resume=False, overwrite=False)
    with pytest.raises(UserError, match="exclude each other"):
        check_folder(tmp_path, resume=True, overwrite=True)
    assert check_folder(tmp_path, resume=True, overwrite=False)
    assert not check_folder(tmp_path, resume=False, overwrite=True)
    assert (tmp_path / CHECKPOINT).is_file()


def test_a_checkpoint_comes_back(tmp_path) -> None:
    write_checkpoint(tmp_path)

    found = load_checkpoint(tmp_path)

    assert torch.equal(found.tensors["a"], torch.ones(2))
    assert (found.options, found.seconds, found.share) == ({"seed": 3}, 1.5, 0.25)


def test_only_files_of_a_run_are_removed(tmp_path) -> None:
    write_checkpoint(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")

    clear_folder(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_somebody_elses_folder_is_left_alone(tmp_path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")

    for overwrite in (False, True):
        with pytest.raises(OutputError, match="holds files that are no run"):
            check_folder(tmp_path, resume=False, overwrite=overwrite)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_a_file_is_no_folder(tmp_path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(OutputError, match="not a folder"):
        check_folder(tmp_path / "file", resume=False, overwrite=False)

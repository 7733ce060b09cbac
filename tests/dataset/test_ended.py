"""What is missing of a dataset is told by every command that goes on with it."""

from pathlib import Path

import pytest

import anomsynth as asy
from anomsynth.dataset.ended import missing_of, warn_of_missing
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.validate import validate
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.events import SampleDone


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.fixture
def half(photos, tmp_path, make) -> Path:
    """Return the dataset of a run that was killed when half of its 8 samples were there."""
    done = 0

    def kill(event: object) -> None:
        nonlocal done
        done += isinstance(event, SampleDone)
        if done == 5:
            raise Killed

    with pytest.raises(Killed):
        make(photos, tmp_path / "half", per_image=2, jobs=1, on_event=kill)
    return tmp_path / "half"


SAID = "unfinished: the run that makes it has not ended, 6 of 8 samples are there; finish it by"


def test_the_score_the_export_and_the_report_say_that_samples_are_missing(
    half, tmp_path, caplog
) -> None:
    def said() -> str:
        found = caplog.text
        caplog.clear()
        return found

    asy.score(half, filter_to=tmp_path / "better", keep_top=0.5, jobs=1)
    assert f"{half}: {SAID}" in said()
    asy.export(half, tmp_path / "other", to=["coco", "yolo"])
    assert said().count(SAID) == 1
    asy.report(half, jobs=1)
    assert SAID in said()


def test_the_command_line_tells_it_in_one_line_with_its_own_words(half, tmp_path, call) -> None:
    done = call("export", half, tmp_path / "yolo", "--to", "yolo", "--quiet")

    assert done.exit_code == 0
    assert done.stderr == f"anomsynth: {half}: {SAID} the same call with --resume\n"


def test_a_category_of_it_and_validate_say_the_same(half, photos, caplog) -> None:
    (category,) = (path for path in half.iterdir() if path.name != "_anomsynth")
    warn_of_missing(category)

    (found,) = (one for one in validate(half).findings if one.check == "unfinished")

    assert SAID in caplog.text
    assert "6 of 8 samples" in found.message


def test_a_run_that_ended_and_folders_of_others_say_nothing(photos, tmp_path, make, caplog) -> None:
    make(photos, tmp_path / "out", per_image=1)

    warn_of_missing(tmp_path / "out")
    warn_of_missing(photos)

    assert not caplog.text


def test_a_damaged_journal_says_no_number(half) -> None:
    layout = Layout(half)
    layout.journal.write_text("{]\n{}\n")

    assert missing_of(layout) == "the run that makes it has not ended"


def test_a_training_is_told_too(half, tmp_path, caplog) -> None:
    pytest.importorskip("torch")
    with pytest.raises(InputError):
        asy.train(half, tmp_path / "run", category="none", epochs=1)

    assert SAID in caplog.text


def test_a_good_photo_that_is_gone_is_named(photos, tmp_path, make, caplog) -> None:
    make(photos, tmp_path / "out", per_image=1)
    gone, *others = sorted((tmp_path / "out").glob("*/*/good/*.png"))
    gone.unlink()

    asy.score(tmp_path / "out", filter_to=tmp_path / "better", keep_top=0.5, jobs=1)

    assert f"1 of {len(others) + 1} good photos missing, the first {gone}" in caplog.text
    assert caplog.text.count("missing") == 1


def test_a_manifest_that_links_to_itself_is_refused_by_name(photos, tmp_path, make) -> None:
    make(photos, tmp_path / "out", per_image=1)
    (manifest,) = (tmp_path / "out/_anomsynth").glob("*/manifest.jsonl")
    manifest.unlink()
    manifest.symlink_to(manifest.name)

    for use in (
        lambda: asy.report(tmp_path / "out", jobs=1),
        lambda: asy.export(tmp_path / "out", tmp_path / "yolo", to="yolo"),
    ):
        with pytest.raises(OutputError, match=f"{manifest.name}: cannot be read: a link"):
            use()
    assert ("manifest", "error") in {
        (one.check, one.level) for one in validate(tmp_path / "out").findings
    }

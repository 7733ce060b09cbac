"""A few samples, made to measure, show what a whole run takes."""

import time

import pytest

from anomsynth.dataset.images import write_png
from anomsynth.pipeline import estimate as estimates
from anomsynth.pipeline.estimate import Estimate, estimate
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.testing import make_pixels

BLOCK = 4096


@pytest.fixture
def predict(datasets, recipe):
    """Estimate a run of the four photos."""

    def predict(workers: int = 1, **options) -> Estimate:
        source = options.pop("source", datasets.source)
        plan = make_plan(source, datasets.root / "out", recipe, RunOptions(**options))
        return estimate(plan, workers)

    return predict


def space(folder) -> int:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(-(-size // BLOCK) * BLOCK for size in sizes)


@pytest.mark.slow
def test_disk_comes_out_within_30_percent_and_time_in_its_order(predict, datasets) -> None:
    options = {"per_image": 20, "extras": ("soft", "strict")}
    predicted = predict(**options)

    start = time.process_time()
    datasets.make("real", **options)
    seconds = time.process_time() - start

    assert predicted.samples == 80
    # Clocks and caches of a shared machine move a measurement of a second by half.
    assert seconds / 3 < predicted.cpu_seconds < 3 * seconds
    assert predicted.size_bytes == pytest.approx(space(datasets.root / "real"), rel=0.3)


def test_disk_space_of_a_few_samples_is_exact_but_for_the_run_record(predict, datasets) -> None:
    predicted = predict(per_image=2, extras=("height",))

    datasets.make("real", per_image=2, extras=("height",))

    # run.json, legend.json, and the ends of two tables' blocks
    record = (datasets.root / "real" / "_anomsynth" / "run.json").stat().st_size
    allowed = -(-record // BLOCK) * BLOCK + 3 * BLOCK
    assert space(datasets.root / "real") - predicted.size_bytes <= allowed
    assert predicted.size_bytes < space(datasets.root / "real")


def test_linked_photos_take_no_space(predict) -> None:
    copied, linked = predict(per_image=1), predict(per_image=1, link="hardlink")

    assert linked.size_bytes < copied.size_bytes


def test_more_samples_cost_more_and_the_basis_is_stated(predict) -> None:
    small, large = predict(per_image=4), predict(per_image=40)

    assert (small.photos, small.samples, large.samples) == (4, 16, 160)
    assert large.cpu_seconds > 4 * small.cpu_seconds > 0
    assert large.size_bytes > 4 * small.size_bytes > 0
    assert "16 samples of 4 photos made to measure: 0.012 megapixels" in small.basis


def test_nothing_is_left_behind(predict, datasets, tmp_path, monkeypatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    predict(per_image=1)

    assert list(scratch.iterdir()) == []
    assert not (datasets.root / "out").exists()


def test_every_category_is_tried_however_little_time_there_is(
    photo_maker, predict, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(estimates, "ENOUGH_SECONDS", 0.0)
    for category in "abcd":
        photo_maker(tmp_path / "photos" / category, "1.png", "2.png")

    predicted = predict(source=tmp_path / "photos", per_image=1)

    assert "4 samples of 4 photos" in predicted.basis


def test_time_runs_out_even_for_many_categories(
    photo_maker, predict, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(estimates, "MOST_SECONDS", 0.0)
    for category in "abcd":
        photo_maker(tmp_path / "photos" / category, "1.png")

    predicted = predict(source=tmp_path / "photos", per_image=1)

    assert "1 sample of 1 photo" in predicted.basis
    assert predicted.photos == 4
    assert predicted.size_bytes > 0


def test_photos_that_cannot_be_used_are_counted(predict, datasets) -> None:
    (datasets.source / "a.png").write_bytes(b"no picture")
    some = predict(per_image=1)
    for path in datasets.source.iterdir():
        path.write_bytes(b"no picture")
    none = predict(per_image=1)

    assert some.basis.endswith("1 photo cannot be used")
    assert (none.cpu_seconds, none.size_bytes) == (0, 0)
    assert none.basis == "no photo can be used, 4 photos tried"


def test_the_category_of_the_largest_photos_is_tried_first(
    photo_maker, predict, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(estimates, "MOST_SECONDS", 0.0)
    photo_maker(tmp_path / "photos" / "a", "1.png")
    (tmp_path / "photos" / "b").mkdir()
    write_png(tmp_path / "photos" / "b" / "1.png", make_pixels(400, 400), tmp_path)

    predicted = predict(source=tmp_path / "photos", per_image=1)

    assert "1 photo made to measure: 0.16 megapixels" in predicted.basis


@pytest.mark.slow
def test_several_workers_share_the_time_and_add_up_in_memory(predict) -> None:
    alone, shared = predict(per_image=10), predict(4, per_image=10)

    assert shared.seconds < shared.cpu_seconds
    assert shared.memory_bytes > 4 * 60e6  # an interpreter with NumPy and OpenCV, each
    assert alone.seconds == alone.cpu_seconds

"""The webdataset package iterates a WebDataset export."""

import tarfile

import numpy as np
import pytest

from anomsynth.errors import RecipeError

# The packages' own warnings are not ours to repair.
consumer = pytest.mark.filterwarnings("ignore")


@consumer
@pytest.mark.parametrize("name", ["ours", "foreign"])
def test_every_sample_is_read_with_its_mask_and_facts(write, truth, request, name) -> None:
    wds = pytest.importorskip("webdataset", reason="webdataset is not installed")
    dataset = request.getfixturevalue(name)
    exported = write(dataset, "webdataset", shard_size="4")
    shards = sorted(str(path) for path in exported.out.glob("*.tar"))

    samples = list(wds.WebDataset(shards, shardshuffle=False).decode("rgb8"))

    assert len({sample["__key__"] for sample in samples}) == exported.images
    for sample in samples:
        facts = sample["json"]
        image = sample["png"] if "png" in sample else sample["jpg"]
        mask = sample["mask.png"][..., 0]
        assert np.array_equal(mask > 0, truth(dataset, facts["id"]))
        assert image.shape[:2] == mask.shape
        assert len(facts["instances"]) >= facts["label"] == int(mask.any())


def test_shards_hold_as_many_samples_as_asked_for(write, ours) -> None:
    out = write(ours, "webdataset", shard_size="5").out

    sizes = {}
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as archive:
            sizes[path.name] = len({name.partition(".")[0] for name in archive.getnames()})

    assert sizes == {
        "train-000000.tar": 5,
        "train-000001.tar": 5,
        "train-000002.tar": 2,
        "val-000000.tar": 5,
        "val-000001.tar": 1,
    }


def test_shards_stay_below_the_bytes_asked_for(write, ours) -> None:
    out = write(ours, "webdataset", shard_size="40KB").out

    sizes = [path.stat().st_size for path in sorted(out.glob("*.tar"))]
    assert len(sizes) > 2
    assert max(sizes) <= 40_000 + 10_240  # the archive's own end is padded


def test_the_same_dataset_makes_the_same_bytes(write, ours) -> None:
    first = write(ours, "webdataset").out
    content = {path.name: path.read_bytes() for path in first.glob("*.tar")}

    second = write(ours, "webdataset", overwrite=True).out

    assert content == {path.name: path.read_bytes() for path in second.glob("*.tar")}


@pytest.mark.parametrize("size", ["0", "-3", "many", "3XB", "1.5GB", ""])
def test_a_size_that_is_none_is_refused(write, ours, size) -> None:
    with pytest.raises(RecipeError, match="shard_size"):
        write(ours, "webdataset", shard_size=size)

"""mlcroissant validates a Croissant export and reads its records."""

import hashlib
import json

import pytest

# The packages' own warnings are not ours to repair.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("name", ["ours", "foreign"])
def test_mlcroissant_finds_no_error_and_reads_every_record(write, request, name) -> None:
    mlc = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    exported = write(request.getfixturevalue(name), "croissant", license="CC-BY-4.0")

    dataset = mlc.Dataset(str(exported.out / "croissant.json"))

    assert not dataset.metadata.ctx.issues.errors
    samples, masks = list(dataset.records("samples")), list(dataset.records("masks"))
    assert len(samples) == len(masks) == exported.images
    sizes = {record["masks/mask_file"]: record["masks/mask"].size for record in masks}
    for record in samples:
        assert record["samples/image"].size == sizes[record["samples/mask_file"]]
        assert record["samples/label"] == int(record["samples/kind"] != b"good")


def test_the_tables_hash_is_that_of_the_file(write, ours) -> None:
    out = write(ours, "croissant").out
    described = json.loads((out / "croissant.json").read_text())

    table = next(item for item in described["distribution"] if item["@id"] == "table")

    content = (out / table["contentUrl"]).read_bytes()
    assert table["sha256"] == hashlib.sha256(content).hexdigest()
    assert "license" not in described

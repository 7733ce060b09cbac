"""Photos of phones: read where the extra is installed, named by it where not."""

import sys

import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.images import read_photo
from anomsynth.errors import MissingExtraError

FTYP = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


def test_a_photo_of_a_phone_is_read_upright(tmp_path) -> None:
    heif = pytest.importorskip("pillow_heif")
    pixels = np.zeros((40, 64, 3), np.uint8)
    pixels[:, 32:] = 200
    picture = Image.fromarray(pixels)
    exif = picture.getexif()
    exif[274] = 6
    heif.from_pillow(picture).save(tmp_path / "a.heic", quality=-1, exif=exif.tobytes())

    found = read_photo(tmp_path / "a.heic").pixels

    reference = np.asarray(heif.open_heif(tmp_path / "a.heic").to_pillow())
    assert found.shape[2] == 3
    assert np.array_equal(found, reference) or np.array_equal(
        found, np.ascontiguousarray(reference.swapaxes(0, 1)[:, ::-1])
    )


def test_without_the_extra_the_message_names_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(FTYP)

    with pytest.raises(MissingExtraError, match="pillow-heif") as caught:
        read_photo(tmp_path / "a.heic")
    assert "anomsynth[heic]" in caught.value.hint

"""What would never end is not opened."""

import os
from pathlib import Path

import pytest

from anomsynth.core.plain_file import open_bytes, open_text, read_bytes, read_text, reason

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")


@pytest.mark.parametrize("read", [open_bytes, open_text, read_bytes, read_text])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, read, kind) -> None:
    path = tmp_path / "run.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()

    with pytest.raises(OSError, match="directory" if kind == "folder" else "a pipe, a device"):
        read(path)


def test_a_stream_that_the_shell_has_opened_is_read() -> None:
    end, start = os.pipe()
    os.write(start, b"version = 1\r\n")
    os.close(start)

    assert read_text(Path(f"/dev/fd/{end}")) == "version = 1\n"
    os.close(end)


def test_the_reason_has_no_number_and_no_name(tmp_path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe")

    with pytest.raises(FileNotFoundError) as absent:
        read_text(tmp_path / "b")
    with pytest.raises(UnicodeDecodeError) as other:
        read_text(tmp_path / "a")

    assert reason(absent.value) == "No such file or directory"
    assert reason(other.value) == "not a text file"

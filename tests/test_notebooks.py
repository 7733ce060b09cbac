"""The notebooks run from their first cell to the last, and are stored without results."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "examples").glob("*.ipynb"))


def test_there_are_notebooks_and_they_hold_no_results() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["quality_of_a_dataset", "train_and_find"]
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # of the kernel's own sockets, which are not ours
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    if path.stem == "train_and_find" and find_spec("torch") is None:
        pytest.skip("torch is not installed: pip install 'anomsynth[train]'")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("ANOMSYNTH_JOBS", "1")
    notebook = nbformat.read(path, as_version=4)

    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    )
    try:
        client.execute()
    finally:  # it leaves its loop open, which would be told as the fault of a later test
        pytest.importorskip("jupyter_core.utils").ensure_event_loop().close()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)

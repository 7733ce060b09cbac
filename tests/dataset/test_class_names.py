"""Names of classes are read as YAML means them, or refused with the line."""

from pathlib import Path

import pytest

from anomsynth.dataset.annotations.class_names import read_names
from anomsynth.errors import InputError


def names_of(text: str, folder: Path) -> dict[int, str]:
    (folder / "data.yaml").write_text(text, encoding="utf-8")
    return read_names(folder / "data.yaml")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("path: .\nnames: ['a', \"b c\"]\n", {0: "a", 1: "b c"}),
        ("names:\n  0: crack\n  1: 'it''s'  \nnc: 2\n", {0: "crack", 1: "it's"}),
        ("names:\n- crack\n- dent # old\n", {0: "crack", 1: "dent"}),
        ('names:\n  0: "\\U0001f600"\n', {0: "\U0001f600"}),
        ("train: images\n", {}),
        ("names: [hole,\n  crack,  # thin\n  dent]\nnc: 3\n", {0: "hole", 1: "crack", 2: "dent"}),
        ("names: {0: hole, 1: crack}\n", {0: "hole", 1: "crack"}),
        ("names: {\n  1: crack,\n  0: 'hole, large',\n}\n", {1: "crack", 0: "hole, large"}),
        ("names: ['a, b', \"c: d\", e#f]  # three\n", {0: "a, b", 1: "c: d", 2: "e#f"}),
        ("names:\n\n  # kinds\n  - hole\n\n  - crack\nnc: 2\n", {0: "hole", 1: "crack"}),
        ("names:   # kinds\n  7: hole\n  3: 'no: 1'\ntrain: x\n", {7: "hole", 3: "no: 1"}),
        ('"names":\r\n- "a\\x41"\r\n- b c\r\n', {0: "aA", 1: "b c"}),
        ("names: []\n", {}),
        ("# names: [x]\ntrain: names\n", {}),
    ],
)
def test_names_are_read_as_tools_write_them(text, names, tmp_path) -> None:
    assert names_of(text, tmp_path) == names


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("names: data/obj.names\n", 1),
        ("names: *kinds\n", 1),
        ("names: [a, [b]]\n", 1),
        ("names: [a, , b]\n", 1),
        ("names: [a: 1]\n", 1),
        ("names: [a, b\nnc: 2\n", 2),
        ("names: {0: a, 0: b}\n", 1),
        ("names: {a: 0}\n", 1),
        ("names:\n  - a\n  - b: c\n", 3),
        ("names:\n  - a\n    - b\n", 3),
        ("names:\n  0: a\n  - b\n", 3),
        ("names:\n  0:\n    name: a\n", 2),
        ("names:\n  - |\n    a\n", 2),
        ("names:\n  - 'a' b\n", 2),
        ("names: [a]\nnames: [b]\n", 2),
        ('{"names": ["a"]}\n', 1),
    ],
)
def test_other_forms_are_refused_with_their_line(text, line, tmp_path) -> None:
    with pytest.raises(InputError, match=rf"data\.yaml: line {line}: ") as caught:
        names_of(text, tmp_path)

    assert "write names:" in caught.value.hint


def test_a_count_that_names_contradict_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="nc says 3 classes, and there are 2 names"):
        names_of("nc: 3\nnames: [a, b]\n", tmp_path)

"""YOLO: a text file of outlines or boxes for each picture, names of classes in data.yaml.

Coordinates are shares of width and height (https://docs.ultralytics.com/datasets/segment).
"""

from collections.abc import Mapping
from pathlib import Path

from anomsynth.dataset.annotations.shapes import Outline, Shape, rectangle
from anomsynth.errors import InputError

BEYOND = 0.01  # that coordinates lie outside the picture where tools round
BOX = 4  # numbers


def read_yolo(path: Path, size: tuple[int, int], names: Mapping[int, str]) -> tuple[Shape, ...]:
    """Read what is marked on one picture of a height and width.

    Raises
    ------
    InputError
        If the file cannot be read or is damaged; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    shapes: list[Shape] = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        try:
            kind = names.get(int(words[0]), words[0])
            shapes.append(_shape(kind, [float(word) for word in words[1:]], size))
        except ValueError as error:
            msg = f"{path}: line {number} is no outline: {error}"
            raise InputError(msg, hint="CLASS x y x y x y ..., from 0 to 1") from error
    return tuple(shapes)


def _shape(kind: str, numbers: list[float], size: tuple[int, int]) -> Shape:
    height, width = size
    beyond = [number for number in numbers if not -BEYOND <= number <= 1 + BEYOND]
    if beyond:
        msg = f"{beyond[0]:g} is not between 0 and 1"
        raise ValueError(msg)
    if len(numbers) == BOX:
        x, y, wide, high = numbers
        left, top = (x - wide / 2) * width, (y - high / 2) * height
        return rectangle(kind, left, top, left + wide * width, top + high * height)
    if len(numbers) < 6 or len(numbers) % 2:
        msg = f"{len(numbers)} coordinates"
        raise ValueError(msg)
    points = zip(numbers[::2], numbers[1::2], strict=True)
    return Outline(kind, tuple((x * width, y * height) for x, y in points), with_border=True)

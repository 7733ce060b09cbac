"""Counts agree with their nouns, in every message."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import anomsynth
from anomsynth.core.counted import counted

PACKAGE = Path(anomsynth.__file__).parent
# Nouns of which there may be one.
PLURAL = re.compile(
    r" (?:more |other |good |real |test )?"
    r"(?:categories|defects|epochs|images|mechanisms|photos|samples|shards)\b"
)


def plurals(tree: ast.AST) -> Iterator[int]:
    """Yield the line of each number in an f-string that a plural follows, whatever it is."""
    for node in ast.walk(tree):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for number, text in pairwise(parts):
            follows = isinstance(text, ast.Constant) and PLURAL.match(str(text.value))
            # What has a format is a share or a rate, and no count.
            if isinstance(number, ast.FormattedValue) and not number.format_spec and follows:
                yield number.lineno


@pytest.mark.parametrize(
    ("number", "what", "said"),
    [
        (0, "photo", "0 photos"),
        (1, "good photo", "1 good photo"),
        (3, "sample", "3 samples"),
        (1, "category", "1 category"),
        (2, "more category", "2 more categories"),
    ],
)
def test_a_noun_follows_its_number(number: int, what: str, said: str) -> None:
    assert counted(number, what) == said


def test_no_message_has_a_number_before_a_plural() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in plurals(ast.parse(path.read_text()))
    ]

    assert found == []

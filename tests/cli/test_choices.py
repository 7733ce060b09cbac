"""Option values are checked, and errors name the option."""

import pytest

from anomsynth.cli.choices import (
    parse_counts,
    parse_range,
    parse_refiners,
    parse_shard,
    parse_words,
)
from anomsynth.errors import UserError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2:6", (2, 6)), ("1.5", (1.5, 1.5)), (" 2 : 6 ", (2, 6)), ("3:3", (3, 3))],
)
def test_ranges_are_two_numbers_or_one(text, expected) -> None:
    assert parse_range("--severity", text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "expected LO:HI, got 'abc'"),
        ("", "expected LO:HI"),
        ("2:", "expected LO:HI"),
        (":6", "expected LO:HI"),
        ("1:2:3", "expected LO:HI"),
        ("2-6", "expected LO:HI"),
    ],
)
def test_bad_ranges_are_named(text, message) -> None:
    with pytest.raises(UserError, match=message) as raised:
        parse_range("--severity", text)

    assert str(raised.value).startswith("--severity: ")
    assert raised.value.hint


def test_counts_are_whole() -> None:
    assert parse_counts("--defects-per-image", "1:3") == (1, 3)
    with pytest.raises(UserError, match="--defects-per-image: expected whole numbers"):
        parse_counts("--defects-per-image", "1.5")


def test_words_are_separated_by_commas_and_come_once() -> None:
    assert parse_words("--kinds", "b, a,b,") == ["b", "a"]


def test_an_unknown_word_has_a_suggestion() -> None:
    with pytest.raises(UserError, match="--extras: no such choice 'sotf'") as raised:
        parse_words("--extras", "soft,sotf", ["soft", "class"])

    assert raised.value.hint == "did you mean 'soft'?"
    with pytest.raises(UserError, match="--extras: expected"):
        parse_words("--extras", " , ")


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "-1/4", "1/4/2"])
def test_a_shard_is_i_of_n(text) -> None:
    assert parse_shard("--shard", "2/4") == (2, 4)
    with pytest.raises(UserError, match="--shard: expected i/n"):
        parse_shard("--shard", text)


def test_none_is_no_refiner() -> None:
    assert parse_refiners("none") == []
    assert parse_refiners("npcf, npcf_plus") == ["npcf", "npcf_plus"]

"""What JSON does not know is refused, not passed on."""

import pytest

from anomsynth.core.json_text import parse_json


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '"\\udc80"', "[" * 9**5, "", "{'a': 1}"])
@pytest.mark.parametrize("kind", [str, str.encode])
def test_what_could_not_be_written_again_is_refused(text, kind) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(kind(text))


def test_pairs_and_signs_of_any_script_are_read() -> None:
    assert parse_json('["\\ud83d\\ude00", "ä", 1e3]') == ["😀", "ä", 1000.0]

"""`anomsynth presets check` draws sheets and fails where a preset does."""

import json
from pathlib import Path

from anomsynth.sheets import presets as checks


def test_a_sheet_is_drawn_of_each_preset_that_is_named(call, tmp_path: Path) -> None:
    result = call("presets", "check", "metal,mvtec/leather", "--out", str(tmp_path))

    assert result.exit_code == 0
    assert "metal: 11 mechanisms, ok" in result.stdout
    assert (tmp_path / "metal.png").is_file()
    assert (tmp_path / "mvtec" / "leather.png").is_file()


def test_problems_end_in_exit_code_3_and_are_in_the_json(call, monkeypatch) -> None:
    def broken(name: str) -> checks.PresetCheck:
        return checks.PresetCheck(name, (), ("describes nothing",))

    monkeypatch.setattr(checks, "check_preset", broken)

    result = call("presets", "check", "metal", "--json")

    assert result.exit_code == 3
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["problems"] == {"metal": ["describes nothing"]}


def test_an_unknown_preset_is_a_user_error(call) -> None:
    result = call("presets", "check", "metla")

    assert result.exit_code == 2
    assert "did you mean 'metal'" in result.stderr

"""The program itself: help, version, speed of the help, and how commands end."""

import errno
import inspect
import os
import subprocess
import sys

import pytest

import anomsynth
from anomsynth import cli
from anomsynth.cli.console import Console, as_flags, reporting, resume_command
from anomsynth.errors import PluginError

COMMANDS = (
    "auto",
    "generate",
    "merge",
    "preview",
    "tune",
    "score",
    "validate",
    "export",
    "report",
    "train",
    "evaluate",
    "predict",
    "export-model",
    "list",
    "init",
    "show",
    "replay",
    "demo",
    "presets check",
)
PROGRAM = "from anomsynth.cli.main import main; main()"


def test_help_lists_every_command_and_shows_an_example(call) -> None:
    result = call("--help")

    assert result.exit_code == 0
    assert all(f"  {name.split()[0]} " in result.stdout for name in COMMANDS)
    assert "Example:" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_shows_an_example_that_calls_it(call, command) -> None:
    result = call(*command.split(), "--help")

    assert result.exit_code == 0
    assert f"Example:\n    anomsynth {command}" in result.stdout
    assert "--quiet" in result.stdout
    assert "--json" in result.stdout


def test_version_is_the_version_of_the_package(call) -> None:
    assert call("--version").stdout == f"anomsynth {anomsynth.__version__}\n"


def test_the_version_has_a_short_option_and_the_program_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "anomsynth", "-V"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == (f"anomsynth {anomsynth.__version__}\n", "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("anomsynth gen", "generate"),
        ("anomsynth export --opt", "--option"),
        ("anomsynth preview x --preset mvtec/bot", "mvtec/bottle"),
        ("anomsynth show spec", "spectrum_slope"),
    ],
)
def test_shells_complete_commands_options_and_names(typed, offered) -> None:
    environment = {
        **os.environ,
        "_ANOMSYNTH_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    command = [sys.executable, "-m", "anomsynth"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    assert done.stdout.split() == [offered]


@pytest.mark.parametrize(
    ("words", "also"),
    [(["--help"], ["pydantic", "rich"]), (["generate", "--help"], [])],  # typer may want these
)
def test_help_waits_for_no_heavy_import(words, also) -> None:
    heavy = ["numpy", "cv2", "scipy", "skimage", "joblib", "PIL", *also]
    code = (
        "import sys\n"
        "from anomsynth.cli.main import app\n"
        f"try:\n    app({words})\n"
        "except SystemExit:\n    pass\n"
        f"sys.exit(', '.join(name for name in {heavy} if name in sys.modules) or 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_user_error_is_one_line_and_exit_code_2_in_a_real_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "show", "crakc"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "anomsynth: no component, term or preset 'crakc'; did you mean 'crack'?\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="streams have numbers elsewhere")
def test_streams_that_the_caller_closed_are_open_in_worker_processes_too() -> None:
    code = (
        "import os, subprocess, sys; os.close(2); sys.stderr = None;"
        "from anomsynth.cli.main import _open_streams; _open_streams();"
        "child = 'import sys; assert sys.stderr is not None';"
        "sys.exit(subprocess.run([sys.executable, '-c', child], close_fds=False).returncode)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run_goes_on_where_stderr_is_full(monkeypatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("typer.echo", full)

    Console().note("progress")
    Console().warn("a warning")


def test_a_mistyped_command_has_a_suggestion(call) -> None:
    result = call("generat", "a", "b")

    assert result.exit_code == 2
    assert "generate" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--nothing"],
        *([*name.split(), "--nothing"] for name in COMMANDS),
        ["replay", "out"],
        ["show", "a", "b"],
    ],
)
def test_wrong_words_are_one_line_that_points_to_the_help(call, words) -> None:
    result = call(*words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("anomsynth: ")
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith(" --help\n")


def test_a_bug_passes_through_with_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), reporting(quiet=False, as_json=False):
        _ = 1 / 0


def test_a_broken_plugin_is_the_users_to_repair(call, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise PluginError("plugin 'dust' failed to import")

    monkeypatch.setattr("anomsynth.core.registry.Registry.load", broken)

    result = call("list", "refiners")

    assert result.exit_code == 2
    assert result.stderr == (
        "anomsynth: plugin 'dust' failed to import; repair or uninstall the plugin\n"
    )


def test_resuming_keeps_every_other_word_of_the_command() -> None:
    words = ["generate", "my photos", "out", "--overwrite", "--seed", "3"]

    assert resume_command(words) == "anomsynth generate 'my photos' out --seed 3 --resume"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("add `resume=True` or `overwrite=True`", "add --resume or --overwrite"),
        ("`false_alarm_rate`: too low", "--false-alarm-rate: too low"),
        ("use `device='cpu'`, fewer `jobs`", "use --device cpu, fewer --jobs"),
        ("with `shard=(1, 8)`", "with --shard 1/8"),
        ("`components`, `file_format`", "--components, --format"),
        ("see `anomsynth generate`", "see `anomsynth generate`"),
    ],
)
def test_options_in_messages_are_spelt_as_on_the_command_line(said, shown) -> None:
    assert as_flags(said) == shown


@pytest.mark.parametrize("name", ["generate", "preview", "tune", "sweep"])
def test_long_help_has_groups_with_all_the_options_of_a_command(call, name) -> None:
    module = getattr(cli, name)
    groups = module.GROUPS

    shown = call(name, "--help").stdout

    places = [shown.index(f"\n{heading}:") for heading in ("Arguments", *groups, "Options")]
    assert places == sorted(places)
    named = [name for names in groups.values() for name in names]
    assert len(named) == len(set(named))
    arguments = {"source", "photos", "image", *({"out"} if name in {"generate", "sweep"} else ())}
    options = set(inspect.signature(getattr(module, name)).parameters)
    assert options - set(named) <= {"context", "quiet", "as_json", *arguments}
    assert set(named) <= options
    last = shown[places[-1] :]
    assert all(flag in last for flag in ("--quiet", "--json", "--help"))
    for option in named:
        flags = {"purpose": "--for", "show_all": "--all"}
        assert flags.get(option, "--" + option.replace("_", "-")) in shown[: places[-1]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "a", "b"], "missing --to FORMAT,..: coco|yolo|"),
        (["generate", "a"], "missing OUT: Folder for the dataset; see anomsynth generate --help"),
        (["generate", "a", "b", "--for", "yolo"], "--for: 'yolo' is not one of 'anomalib'; see"),
    ],
)
def test_what_is_missing_or_wrong_is_said_with_what_may_be_given(call, words, said) -> None:
    result = call(*words)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"anomsynth: {said}")

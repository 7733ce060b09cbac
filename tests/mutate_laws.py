"""Show that the law tests notice a constant that is off by a fifth.

    python tests/mutate_laws.py [LAW ...]

``mutate_laws.toml`` names, law by law, the numbers that make it (between two @) and the test that
guards it. On a copy of the package each number is raised and lowered by 20 %, one at a time, and
the test must fail; with the number as it is, the test must pass. Exits with 1 if a change survives.
"""

import argparse
import compileall
import importlib
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "tests" / "mutate_laws.toml"
NUMBER = re.compile(r"@([0-9.]+(?:e[0-9]+)?)@")
# What the package and its tests import is loaded once, for all of them.
HEAVY = (
    *("cv2", "hypothesis", "joblib", "PIL.Image", "pydantic", "pywt", "rich"),
    *("scipy.fft", "scipy.ndimage", "scipy.spatial", "scipy.special", "scipy.stats"),
    *("skimage.color", "skimage.data"),
)
PATIENCE = 300  # seconds; a test that hangs has failed


@dataclass(frozen=True)
class Law:
    """One entry of the table.

    `form` is the code with its numbers marked, `code` how it is written in the file where that
    differs, `to` what to write instead where no single number can be changed.
    """

    law: str
    path: str
    test: str
    form: str
    code: str = ""
    to: tuple[str, ...] = ()
    by: float = 0.2

    @property
    def found(self) -> str:
        """The text in the file."""
        return self.code or self.plain

    @property
    def plain(self) -> str:
        """The form with its numbers as they are."""
        return NUMBER.sub(r"\1", self.form)

    def mutants(self) -> Iterator[tuple[str, str]]:
        """Yield (what changes, new text)."""
        yield from ((text, text) for text in self.to)
        for spot in NUMBER.finditer(self.form):
            for factor in (1 + self.by, 1 - self.by):
                value = f"{float(spot[1]) * factor:.10g}"
                rest = NUMBER.sub(r"\1", self.form[: spot.start()]), self.form[spot.end() :]
                yield f"{spot[1]} -> {value}", rest[0] + value + NUMBER.sub(r"\1", rest[1])


def read_table() -> tuple[list[Law], dict[str, str]]:
    """Return the laws, and the rows that are not among them with the reasons."""
    table = tomllib.loads(TABLE.read_text())
    reasons = table.pop("without")
    laws = []
    for path, entries in table.items():
        for entry in entries:
            entry["to"] = tuple(entry.get("to", ()))
            laws.append(Law(path=path, **entry))
    return laws, reasons


def fails(copy: Path, test: str) -> bool:
    """Tell whether a test fails on the copy; a fork each, so that nothing is imported twice."""
    child = multiprocessing.get_context("fork").Process(target=_run, args=(copy, test))
    child.start()
    child.join(PATIENCE)
    if child.exitcode is None:
        child.kill()
        child.join()
    return child.exitcode != 0


def _run(copy: Path, test: str) -> None:
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    sys.dont_write_bytecode = True
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = ["-q", "-x", "-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider"]
    code = pytest.main([*options, f"tests/{test}"])
    import anomsynth  # noqa: PLC0415 - not the checkout's, or nothing was tested

    os._exit(int(code) if Path(anomsynth.__file__).is_relative_to(copy) else 99)


def check(law: Law, copy: Path) -> list[str]:
    """Change one law in every way; returns the changes that no test noticed."""
    source = copy / "anomsynth" / law.path
    original = source.read_text()
    if original.count(law.found) != 1:
        return [f"{law.found!r} occurs {original.count(law.found)} times"]

    def fails_with(text: str) -> bool:
        source.write_text(original.replace(law.found, text))
        try:
            return fails(copy, law.test)
        finally:
            source.write_text(original)

    rewritten = law.code and not law.to
    if fails_with(law.plain) if rewritten else fails_unchanged(copy, law.test):
        return ["the test fails without any change"]
    return [label for label, text in law.mutants() if not fails_with(text)]


@cache
def fails_unchanged(copy: Path, test: str) -> bool:
    """Tell whether a test fails on the package as it is."""
    return fails(copy, test)


def copy_checkout(folder: Path) -> Path:
    """Copy what the tests need; returns the folder."""
    for name in ("anomsynth", "presets", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    # By hash: a changed file is compiled again, even within a tick of the clock.
    mode = PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(folder / "anomsynth", quiet=2, invalidation_mode=mode)
    return folder


def say(line: str) -> None:
    """Print a line at once: the whole table takes many minutes."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(wanted: list[str]) -> int:
    """Check the wanted laws, all by default; returns the exit code."""
    laws, reasons = read_table()
    laws = [law for law in laws if not wanted or law.law in wanted or law.path in wanted]
    total, survived = 0, 0
    for name in HEAVY:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_checkout(Path(folder))
        for law in laws:
            left = check(law, copy)
            total += sum(1 for _ in law.mutants())
            survived += len(left)
            verdict = "MISSED " + "; ".join(left) if left else "caught"
            say(f"{law.law:22s} {law.path:28s} {' '.join(law.plain.split())[:60]:60s} {verdict}")
    for row, reason in () if wanted else reasons.items():
        say(f"{row:22s} not here: {reason}")
    say(f"{total} changes of {len({law.law for law in laws})} laws, {survived} not noticed")
    return int(survived > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Show that tests notice constants off by a fifth.")
    parser.add_argument("laws", nargs="*", metavar="LAW", help="law or file of the table [all]")
    sys.exit(main(parser.parse_args().laws))

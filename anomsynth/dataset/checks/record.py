"""Whether a dataset of ours still is what its manifest says."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.tree import Tree, is_picture
from anomsynth.dataset.ended import FINISH, missing_of
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line, has_manifest, read_manifest
from anomsynth.dataset.metadata import read_run
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import exists, is_file
from anomsynth.dataset.verify import files_of, pixel_hash
from anomsynth.errors import OutputError

AGAIN = "restore the file, or make the dataset again"


def check_record(tree: Tree, *, deep: bool) -> Iterator[Finding]:
    """Compare files with the manifest: masks by their pixels, images too with `deep`."""
    layout = Layout(tree.root)
    if not tree.is_mvtec or tree.root == tree.folder or not exists(layout.run_file):
        return
    yield from _run(tree, layout)
    missing = missing_of(layout)
    if missing:
        yield Finding("warning", "unfinished", tree.name(layout.journal), missing, FINISH)
        return
    manifest = layout.manifest(tree.folder.name)
    recorded = NameIndex()
    try:
        if not has_manifest(manifest):
            message = "no manifest of this category: where its images come from is not known"
            hint = "nothing, or copy it"
            yield Finding("note", "no-manifest", tree.name(tree.folder), message, hint)
            return
        for line in read_manifest(manifest):
            for names in files_of(line).values():
                for name in names:
                    recorded.append(name)
            yield from _line(tree, manifest, line, deep=deep)
    except OutputError as error:
        message = str(error).removeprefix(f"{manifest}: ")
        yield Finding("error", "manifest", tree.name(manifest), message, AGAIN)
        return
    for path in tree.files:
        if is_picture(path) and tree.name(path) not in recorded:
            message = "not in the manifest: it was added or renamed after the run"
            yield Finding(
                "warning", "unrecorded", tree.name(path), message, "remove it if unwanted"
            )


def _run(tree: Tree, layout: Layout) -> Iterator[Finding]:
    try:
        read_run(layout)
    except OutputError as error:
        message = str(error).removeprefix(f"{layout.run_file}: ")
        yield Finding("error", "run", tree.name(layout.run_file), message, error.hint)


def _line(tree: Tree, manifest: Path, line: Line, *, deep: bool) -> Iterator[Finding]:
    if line.get("what") in {"failed sample", "unusable photo"}:
        message = f"{line['what']}: {line.get('message')}"
        hint = "nothing, or repair its photo and run again with `resume=True`"
        yield Finding("note", "not-made", tree.name(manifest), message, hint)
    hashes = line.get("sha256")
    known = hashes if isinstance(hashes, Mapping) else {}
    for role, names in files_of(line).items():
        for name in names:
            path = tree.root / name
            if not is_file(path):
                message = "in the manifest, but not on disk"
                yield Finding("error", "file-missing", name, message, AGAIN)
            elif role in known and (deep or role == "mask") and pixel_hash(path) != known[role]:
                message = f"the {role} is not the one that was written"
                yield Finding("error", "hash", name, message, AGAIN)

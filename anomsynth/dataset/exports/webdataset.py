"""WebDataset: tar archives of samples that are read as a stream."""

import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from anomsynth.core.component import parameter
from anomsynth.dataset.compression import encoded_png
from anomsynth.dataset.exports._source import Loaded, Source
from anomsynth.dataset.exports._split import SplitExporter
from anomsynth.dataset.exports._staging import Staging
from anomsynth.dataset.extras import binary
from anomsynth.dataset.headers import is_turned
from anomsynth.dataset.images import upright_png
from anomsynth.dataset.layout import VIEW
from anomsynth.dataset.manifest import to_json

UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
SIZE = re.compile(r"([1-9]\d*)\s*([KMG]B)?", re.IGNORECASE)
Members = dict[str, bytes]


def _checked(size: str) -> str:
    if SIZE.fullmatch(size.strip()) is None:
        msg = f"expected a number of samples or a size like 500MB, got {size!r}"
        raise ValueError(msg)
    return size


class WebDataset(SplitExporter):
    """Tar shards of ``key.png``, ``key.mask.png`` and ``key.json``, the same bytes every time.

    Scans are there as ``key.scan.tiff``, or whatever their files end in, other views of a part as
    ``key.view_L1.png``.
    """

    carries: ClassVar[frozenset[str]] = frozenset({"scans", "views"})
    kind: Literal["webdataset"] = "webdataset"
    shard_size: Annotated[str, AfterValidator(_checked)] = parameter(
        "1000", "", "Most samples in a shard, or its most bytes: 500MB, 1GB."
    )

    def write(self, source: Source, out: Staging) -> None:
        """Write ``<split>-000000.tar`` and so on; see the base class."""
        for split, pictures in self.split(source.pictures).items():
            samples = ((item.picture.flat, _members(item)) for item in source.load(pictures))
            for number, shard in enumerate(self._shards(samples)):
                out.pieces(f"{split}-{number:06d}.tar", [shard])

    def loading(self, out: Path) -> list[str]:
        """Return how webdataset reads it."""
        pattern = f"{out}/train-*.tar"
        return [
            "import glob, webdataset",
            f"shards = sorted(glob.glob({pattern!r}))",
            'dataset = webdataset.WebDataset(shards, shardshuffle=False).decode("rgb8")',
        ]

    def _shards(self, samples: Iterator[tuple[str, Members]]) -> Iterator[bytes]:
        """Yield whole archives; one sample at least in each."""
        amount, unit = SIZE.fullmatch(self.shard_size.strip()).groups(default="")  # type: ignore[union-attr]  # validated
        most = int(amount) * UNITS[unit.upper()]
        held: list[tuple[str, Members]] = []
        weight = 0
        for key, members in samples:
            grown = 1 if not unit else sum(_stored(content) for content in members.values())
            if held and weight + grown > most:
                yield _archive(held)
                held, weight = [], 0
            held.append((key, members))
            weight += grown
        if held:
            yield _archive(held)


def _members(loaded: Loaded) -> Members:
    facts = loaded.facts
    facts["instances"] = [
        {"kind": item.kind, "bbox": list(item.xywh), "area": item.area_px}
        for item in loaded.instances
    ]
    picture = loaded.picture
    content = upright_png(picture.path) if is_turned(picture.path) else picture.path.read_bytes()
    mask = encoded_png(binary(loaded.mask))
    scan = picture.scan
    scans = {} if scan is None else {f"scan{scan.suffix.lower()}": scan.read_bytes()}
    return {
        picture.ending.removeprefix("."): content,
        "mask.png": mask,
        **scans,
        **{f"{VIEW}{name}.png": path.read_bytes() for name, path in picture.views.items()},
        "json": to_json(facts).encode(),
    }


def _archive(samples: list[tuple[str, Members]]) -> bytes:
    """Return a tar archive that depends on its content only: no times, no owners."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for key, members in samples:
            for ending, content in members.items():
                member = tarfile.TarInfo(f"{key}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _stored(content: bytes) -> int:
    """Return the bytes a member takes: a header and whole blocks of 512."""
    return 512 + -(-len(content) // 512) * 512

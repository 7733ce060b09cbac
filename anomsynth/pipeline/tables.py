"""What ends a run: the manifest and the scores of each category, and counts of what is in them."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from anomsynth.dataset.csv_text import csv_text
from anomsynth.dataset.files import write_pieces
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line
from anomsynth.pipeline.events import Finished
from anomsynth.pipeline.parts import PartTally
from anomsynth.sqe.samples import score_cells, score_names
from anomsynth.surface.foreground import PartFinder

MOST_MESSAGES = 1000  # different ones of each cause that are counted; memory must not grow
IN_MEMORY = 1 << 22  # bytes of a table of scores, some 40,000 samples


def write_tables(
    layout: Layout, category: str, lines: Iterable[tuple[str, Line]], tally: "Tally"
) -> None:
    """Write manifest.jsonl and scores.csv of a category, and count the lines.

    Parameters
    ----------
    layout : Layout
        Its scratch folder exists.
    category : str
    lines : each as it was written and as what it says, in the order of the run
    tally : Tally

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    with tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(layout.scratch)) as table:
        table.write(csv_text([["image", "mask", *score_names()]]).encode())

        def manifest() -> Iterator[bytes]:
            for text, line in lines:
                tally.count(line)
                if line["what"] == "sample":
                    table.write(csv_text([_score_row(line)]).encode())
                yield f"{text}\n".encode()

        write_pieces(layout.manifest(category), manifest(), layout.scratch)
        table.seek(0)
        write_pieces(layout.scores(category), iter(table), layout.scratch)


class Tally:
    """Counts manifest lines as they pass."""

    def __init__(self) -> None:
        self.written = 0
        self.failed = 0
        self.by_kind: Counter[str] = Counter()
        self.by_cause: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.failed_images: dict[str, None] = {}  # a photo of many samples fails unit by unit
        self.messages: dict[str, Counter[str]] = {}
        self.parts: dict[str, PartTally] = {}
        self.masks: dict[str, Counter[str]] = {}

    def count(self, line: Line) -> None:
        """Count a line."""
        match line["what"]:
            case "sample":
                self.written += 1
                record = line["record"]
                self.by_kind.update(record["kinds"])  # type: ignore[index]  # written by us
                points = record.get("points", {})  # type: ignore[attr-defined]  # as above
                if points.get("left_out"):
                    self.left_out[str(line["category"])] += points["left_out"]
            case "normal" if "part_share" in line:  # lines of earlier versions tell nothing
                part = self.parts.setdefault(str(line["category"]), PartTally())
                part.add(str(line["image"]), float(str(line["part_share"])))
                if "roi" in line:
                    self.masks.setdefault(str(line["category"]), Counter())[str(line["roi"])] += 1
            case "failed sample":
                self.failed += 1
                self._count_failure(line, 1)
            case "unusable photo":
                lost = int(str(line["samples"]))
                self.failed += lost
                self._count_failure(line, lost)
                self.failed_images[f"{line['category']}/{line['image']}"] = None

    def _count_failure(self, line: Line, lost: int) -> None:
        cause = str(line["cause"])
        self.by_cause[cause] += lost
        messages = self.messages.setdefault(cause, Counter())
        hint = line.get("hint")
        message = f"{line['message']}; {hint}" if hint else str(line["message"])
        if message in messages or len(messages) < MOST_MESSAGES:
            messages[message] += lost

    def finished(self, seconds: float, finders: Mapping[str, PartFinder]) -> Finished:
        """Return the counts; a sample counts for each kind it holds.

        Parameters
        ----------
        seconds : float
        finders : dict of category -> PartFinder
            How the parts were found, where that was decided.
        """
        return Finished(
            written=self.written,
            failed=self.failed,
            by_kind=dict(sorted(self.by_kind.items())),
            by_cause=dict(sorted(self.by_cause.items())),
            failed_images=tuple(self.failed_images),
            left_out=dict(sorted(self.left_out.items())),
            masks={name: dict(ways) for name, ways in sorted(self.masks.items())},
            seconds=seconds,
            parts={
                category: self.parts[category].report(finder)
                for category, finder in sorted(finders.items())
                if category in self.parts
            },
            reasons={
                cause: messages.most_common(1)[0][0]
                for cause, messages in sorted(self.messages.items())
            },
        )


def _score_row(line: Mapping[str, object]) -> list[str]:
    """Return the row of scores.csv of a sample's manifest line."""
    files, scores = line["files"], line["scores"]
    if not isinstance(files, Mapping) or not isinstance(scores, Mapping):
        msg = f"no scores in the line of {line.get('id')}"
        raise TypeError(msg)
    return [str(files["image"]), str(files["mask"]), *score_cells(scores)]

"""One HTML file that needs nothing else: no network, no files beside it."""

import html
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files

from anomsynth._version import __version__
from anomsynth.core.types import Float32
from anomsynth.reports.collect import Collection, Entry
from anomsynth.reports.heatmap import coloured
from anomsynth.reports.thumbnails import Thumbnail, data_uri

TOKEN = re.compile(r"@([a-z]+)@")
MOST_UPRIGHT = 8  # kinds whose names stand side by side; more are turned
MOST_PROBLEMS = 200  # listed; the rest is counted


def build_page(found: Collection) -> str:
    """Return the report of a dataset as one HTML page.

    All names and messages that come from disk are escaped; pictures are inlined.
    """
    folder = files("anomsynth.reports")
    parts = {
        "style": folder.joinpath("page.css").read_text("utf-8"),
        "script": folder.joinpath("page.js").read_text("utf-8"),
        "title": html.escape(f"anomsynth report: {found.root.resolve().name}"),
        "summary": html.escape(_summary(found)),
        "tables": _counts(found) + _facts(found),
        "heat": _heat(found),
        "problems": _problems(found.problems),
        "recipe": _recipe(found.run),
        "data": _json({"samples": [_sample(entry) for entry in found.entries]}),
    }
    # In one pass: a file called @data@ must not be filled in.
    template = folder.joinpath("page.html").read_text("utf-8")
    return TOKEN.sub(lambda match: parts[match[1]], template)


def _summary(found: Collection) -> str:
    kinds = {entry.item.kind for entry in found.entries}
    good = sum(found.normals.values())
    return f"{len(found.entries)} defect images of {len(kinds)} kinds, {good} good photos"


def _counts(found: Collection) -> str:
    kinds = sorted({entry.item.kind for entry in found.entries})
    counts = Counter((entry.item.category, entry.item.kind) for entry in found.entries)
    scores: dict[str, list[float]] = {kind: [] for kind in kinds}
    for entry in found.entries:
        scores[entry.item.kind].append(entry.quality.score)
    categories = sorted({*found.normals, *(category for category, _ in counts)})
    head = _row(["category", "good", *kinds], "th")
    body = [
        _row([category, found.normals.get(category, 0), *(counts[category, k] for k in kinds)])
        for category in categories
    ]
    medians = [float(sorted(values)[len(values) // 2]) for values in scores.values()]
    last = _row(["median score", "", *medians])
    many = " many" if len(kinds) > MOST_UPRIGHT else ""
    return f'<div class="counts{many}"><table>{head}{"".join(body)}{last}</table></div>'


def _facts(found: Collection) -> str:
    rows: list[Sequence[object]] = [
        [
            "scored and drawn in",
            f"{found.seconds:.1f} s, {_rate(len(found.entries), found.seconds)}",
        ]
    ]
    if found.made_seconds is not None:
        rows.append(["files written over", f"{found.made_seconds:.0f} s"])
    versions = found.run.get("versions")
    if isinstance(versions, Mapping):
        rows += [[f"made with {name}", value] for name, value in versions.items()]
    rows.append(["reported by anomsynth", __version__])
    return f"<table>{''.join(_row(row) for row in rows)}</table>"


def _rate(count: int, seconds: float) -> str:
    return f"{count / max(seconds, 1e-3):.0f} images/s"


def _heat(found: Collection) -> str:
    return "".join(_map(html.escape(name), share) for name, share in found.heat.items())


def _map(name: str, share: Float32) -> str:
    caption = f"{name} (up to {100 * float(share.max()):.0f} %)"
    image = f'<img src="{data_uri(coloured(share))}" alt="heat map of {name}">'
    return f'<figure class="chart heat"><figcaption>{caption}</figcaption>{image}</figure>'


def _problems(problems: Sequence[tuple[str, str]]) -> str:
    if not problems:
        return "<p>None.</p>"
    rows = "".join(_row(pair) for pair in problems[:MOST_PROBLEMS])
    more = len(problems) - MOST_PROBLEMS
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    return f"<table>{_row(['file', 'reason'], 'th')}{rows}</table>{rest}"


def _recipe(run: Mapping[str, object]) -> str:
    if not run:
        return "<p>Not made by anomsynth, or its run.json is gone.</p>"
    shown = {name: run[name] for name in ("seed", "source", "options") if name in run}
    shown |= {name: run[name] for name in ("recipe", "recipes") if name in run}
    return f"<pre>{html.escape(json.dumps(shown, indent=1, ensure_ascii=False))}</pre>"


def _row(cells: Sequence[object], tag: str = "td") -> str:
    shown = "".join(f"<{tag}{_class(cell)}>{html.escape(_text(cell))}</{tag}>" for cell in cells)
    return f"<tr>{shown}</tr>"


def _text(cell: object) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _class(cell: object) -> str:
    """Return what sets numbers apart: aligned, and those that say there is none dimmed."""
    if isinstance(cell, str):
        return ""
    return ' class="n none"' if cell == 0 else " class=n"


def _sample(entry: Entry) -> dict[str, object]:
    quality = entry.quality
    sample: dict[str, object] = {
        "path": entry.path,
        "category": entry.item.category,
        "kind": entry.item.kind,
        "score": round(quality.score, 4),
        "fidelity": round(quality.fidelity, 4),
        "utility": round(quality.utility, 4),
        "terms": {name: round(value, 3) for name, value in quality.terms.items()},
        "reasons": list(quality.reasons),
        "thumb": _image(entry.thumbnail),
    }
    if entry.large is not None:
        sample["large"] = _image(entry.large)
    return sample


def _image(thumbnail: Thumbnail) -> dict[str, object]:
    return {
        "uri": thumbnail.uri,
        "w": thumbnail.width,
        "h": thumbnail.height,
        "outline": thumbnail.outline,
    }


def _json(value: object) -> str:
    """Return JSON that may stand in a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

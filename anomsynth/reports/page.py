"""One HTML file that needs nothing else: no network, no files beside it."""

import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence

from anomsynth._version import __version__
from anomsynth.core.types import Float32
from anomsynth.pages.page import HISTOGRAMS, Card, Gallery, Section, build, gallery_section, row
from anomsynth.pages.thumbnails import data_uri
from anomsynth.reports.collect import Collection, Entry
from anomsynth.reports.heatmap import coloured

MOST_UPRIGHT = 8  # kinds whose names stand side by side; more are turned
MOST_PROBLEMS = 200  # listed; the rest is counted


def build_page(found: Collection) -> str:
    """Return the report of a dataset as one HTML page.

    All names and messages that come from disk are escaped; pictures are inlined.
    """
    gallery = Gallery([_card(entry) for entry in found.entries], ("category", "kind"))
    sections = [
        Section("Overview", f'<div class="tables">{_counts(found)}{_facts(found)}</div>'),
        Section("Scores", HISTOGRAMS),
        Section("Where defects fall", f'<div class="charts">{_heat(found)}</div>'),
        gallery_section("Samples", gallery),
        Section("Rejects and problems", _problems(found.problems)),
        Section("How it was made", _recipe(found.run)),
    ]
    title = f"anomsynth report: {found.root.resolve().name}"
    return build(title, _summary(found), sections, gallery)


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
    head = row(["category", "good", *kinds], "th")
    body = [
        row([category, found.normals.get(category, 0), *(counts[category, k] for k in kinds)])
        for category in categories
    ]
    medians = [float(sorted(values)[len(values) // 2]) for values in scores.values()]
    last = row(["median score", "", *medians])
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
    return f"<table>{''.join(map(row, rows))}</table>"


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
    rows = "".join(row(pair) for pair in problems[:MOST_PROBLEMS])
    more = len(problems) - MOST_PROBLEMS
    rest = f"<p>and {more} more</p>" if more > 0 else ""
    return f"<table>{row(['file', 'reason'], 'th')}{rows}</table>{rest}"


def _recipe(run: Mapping[str, object]) -> str:
    if not run:
        return "<p>Not made by anomsynth, or its run.json is gone.</p>"
    shown = {name: run[name] for name in ("seed", "source", "options") if name in run}
    shown |= {name: run[name] for name in ("recipe", "recipes") if name in run}
    return f"<pre>{html.escape(json.dumps(shown, indent=1, ensure_ascii=False))}</pre>"


def _card(entry: Entry) -> Card:
    quality = entry.quality
    return Card(
        path=entry.path,
        score=quality.score,
        facets={"category": entry.item.category, "kind": entry.item.kind},
        thumbnail=entry.thumbnail,
        large=entry.large,
        facts=f"fidelity {quality.fidelity:.2f}, utility {quality.utility:.2f}",
        reasons=quality.reasons,
        table=[(name, f"{value:.2f}") for name, value in quality.terms.items()],
    )

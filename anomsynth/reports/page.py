"""One HTML file that needs nothing else: no network, no files beside it."""

import html
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from anomsynth._version import __version__
from anomsynth.core.counted import counted
from anomsynth.core.on_demand import OnDemand
from anomsynth.core.types import Float32
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.provenance import RecordedDefect
from anomsynth.pages.page import (
    HISTOGRAMS,
    Card,
    Gallery,
    Section,
    build_pieces,
    gallery_section,
    row,
)
from anomsynth.pages.thumbnails import data_uri
from anomsynth.reports.collect import Collection, Entry
from anomsynth.reports.heatmap import coloured
from anomsynth.reports.meaning import MEANING

MOST_UPRIGHT = 8  # kinds whose names stand side by side; more are turned
MOST_PROBLEMS = 200  # listed; the rest is counted


def build_page(found: Collection) -> Iterator[str]:
    """Yield the report of a dataset as one HTML page, piece by piece.

    All names and messages that come from disk are escaped; pictures are inlined.
    """
    gallery = Gallery(
        OnDemand(range(len(found.entries)), lambda at: _card(found.entries[at])),
        ("category", "kind"),
        sources=found.originals.sources(),
        heated=False,
        compared=found.compared,
    )
    linked = (
        "<p>Pictures at their own pixels are files of the dataset: keep this page where it is. "
        "Small ones are in the page.</p>"
        if found.originals.linked
        else ""
    )
    sections = [
        Section("Overview", f'<div class="tables">{_counts(found)}{_facts(found)}</div>'),
        Section("Scores and what they mean", HISTOGRAMS + MEANING, folded=True),
        Section("Where defects fall", f'<div class="charts">{_heat(found)}</div>', folded=True),
        Section(
            f"Rejects and problems ({len(found.problems)})",
            _problems(found.problems),
            folded=True,
        ),
        Section("How it was made", _recipe(found.run), folded=True),
        gallery_section("Samples", gallery, linked),
    ]
    title = f"anomsynth report: {found.root.resolve().name}"
    return build_pieces(title, _summary(found), sections, gallery, origin=_origin(found))


def _summary(found: Collection) -> str:
    kinds = {kind for _, kind in found.scores}
    good = sum(found.normals.values())
    return (
        f"{counted(len(found.entries), 'defect image')} of {counted(len(kinds), 'kind')}, "
        f"{counted(good, 'good photo')}"
    )


def _origin(found: Collection) -> str:
    """Return preset, seed, severity, source and date in one line, as far as run.json tells."""
    run = found.run
    if not run:
        return "not made by anomsynth"
    recipes = run.get("recipes")
    by_category = recipes if isinstance(recipes, Mapping) else {"": run.get("recipe")}
    names = list(dict.fromkeys(_of(recipe, "name") for recipe in by_category.values()))
    ranges = list(dict.fromkeys(map(_severity, by_category.values())))
    parts = [
        f"preset {', '.join(filter(None, names))}",
        f"severity {'; '.join(filter(None, ranges))}",
        f"seed {run.get('seed')}",
        f"from {run.get('source')}",
    ]
    try:
        made = Layout(found.root).run_file.stat().st_mtime
        parts.append(f"made {datetime.fromtimestamp(made).astimezone():%Y-%m-%d %H:%M}")
    except OSError:
        pass
    return " · ".join(parts)


def _of(recipe: object, name: str) -> str:
    return str(recipe.get(name, "")) if isinstance(recipe, Mapping) else ""


def _severity(recipe: object) -> str:
    severity = recipe.get("severity") if isinstance(recipe, Mapping) else None
    bounds = severity.get("d_prime") if isinstance(severity, Mapping) else None
    if not isinstance(bounds, Sequence) or len(bounds) != 2:
        return ""
    return f"d' {bounds[0]:g} to {bounds[1]:g}"


def _counts(found: Collection) -> str:
    kinds = sorted({kind for _, kind in found.scores})
    counts = Counter({name: len(scores) for name, scores in found.scores.items()})
    scores: dict[str, list[float]] = {kind: [] for kind in kinds}
    for (_, kind), several in found.scores.items():
        scores[kind] += several
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
    made = versions.get("anomsynth") if isinstance(versions, Mapping) else None
    if made is not None:
        rows.append(["made by anomsynth", made])
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
    shown = {name: run[name] for name in ("seed", "source", "options", "versions") if name in run}
    shown |= {name: run[name] for name in ("recipe", "recipes") if name in run}
    return f"<pre>{html.escape(json.dumps(shown, indent=1, ensure_ascii=False))}</pre>"


def _card(entry: Entry) -> Card:
    quality = entry.quality
    strengths = [one.d_prime for one in entry.defects if one.d_prime is not None]
    area = f"{100 * entry.area_share:.2g} % of the picture"
    visible = f"d' {', '.join(f'{value:.1f}' for value in strengths)}, " if strengths else ""
    return Card(
        path=entry.path,
        score=quality.score,
        facets={"category": entry.item.category, "kind": entry.item.kind},
        thumbnail=entry.thumbnail,
        original=entry.original,
        note=f"{visible}{100 * entry.area_share:.2g} %",
        facts=f"fidelity {quality.fidelity:.2f}, utility {quality.utility:.2f}, {area}",
        reasons=quality.reasons,
        parts=[_told(defect) for defect in entry.defects],
        table=[(name, f"{value:.2f}") for name, value in quality.terms.items()],
    )


def _told(defect: RecordedDefect) -> tuple[str, str]:
    """Return a defect's kind, strength and size, and its parameters."""
    visible = "" if defect.d_prime is None else f" d' {defect.d_prime:.1f},"
    parameters = ", ".join(f"{name} {_short(v)}" for name, v in defect.parameters.items())
    size = f"{defect.area_px} px"
    if defect.relief:
        size = f"{size}, {_relief(defect.relief)}"
    return f"{defect.kind}:{visible} {size}", parameters


def _relief(relief: Mapping[str, float]) -> str:
    """Say how high and deep a defect in a scan is, and how far that is over the sensor's noise."""
    ends = [relief[name] for name in ("lowest_mm", "highest_mm") if relief[name]]
    height = " to ".join(f"{end:+.3g}" for end in ends)
    told = [f"{height} mm, {relief['over_noise']:.1f} x the sensor's noise"] if ends else []
    told += [f"open over {relief['open_px']:.0f} px"] if relief["open_px"] else []
    return ", ".join(told) or "no relief"


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)

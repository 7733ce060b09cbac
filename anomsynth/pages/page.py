"""One HTML file with sections and a gallery of pictures that can be filtered, sorted, enlarged."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from operator import attrgetter
from typing import Literal

from anomsynth.pages.originals import Original
from anomsynth.pages.thumbnails import Thumbnail

TOKEN = re.compile(r"@([a-z]+)@")


@dataclass(frozen=True, slots=True)
class Card:
    """One picture of a gallery and what is told of it.

    Attributes
    ----------
    path : str
        Its name.
    score : float
    facets : mapping
        What it can be filtered by, e.g. its kind, in the gallery's order.
    thumbnail : Thumbnail
    large : Thumbnail or None
        Shown when it is enlarged.
    original : Original or None
        Shown instead of it: the picture at its own pixels.
    note : str
        Said on the small picture.
    facts : str
        Said after its score when it is enlarged.
    reasons : sequence of str
        Said below it.
    parts : sequence of (heading, text)
        Said beside it when it is enlarged.
    table : sequence of (name, value)
        Shown when it is enlarged.
    rank : float or None
        The highest stand first where the worst do; by score if None.
    """

    path: str
    score: float
    facets: Mapping[str, str]
    thumbnail: Thumbnail
    large: Thumbnail | None = None
    original: Original | None = None
    note: str = ""
    facts: str = ""
    reasons: Sequence[str] = ()
    parts: Sequence[tuple[str, str]] = ()
    table: Sequence[tuple[str, str]] = ()
    rank: float | None = None


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures, and how they are sorted and drawn.

    Attributes
    ----------
    cards : sequence of Card
    facets : sequence of str
        Names of what can be filtered by; the last one has a histogram of scores for each value.
    worst : {"low", "high"}
        Which scores are the worst.
    what : str
        What a score is called on the page.
    orders : (str, str)
        What it is called to sort by it, the worst first and last.
    span : (low, high)
        Of the scores, for filters and histograms.
    limit : float or None
        A score that is marked in the histograms.
    sources : sequence of str
        Addresses of the cards' originals.
    heated, compared : bool or None
        Whether some card has a heat map, or a picture before; None looks at all cards.
    """

    cards: Sequence[Card]
    facets: Sequence[str]
    worst: Literal["low", "high"] = "low"
    what: str = "score"
    orders: tuple[str, str] = ("worst first", "best first")
    span: tuple[float, float] = (0.0, 1.0)
    limit: float | None = None
    sources: Sequence[str] = ()
    heated: bool | None = None
    compared: bool | None = None

    @property
    def has_heat(self) -> bool:
        """Whether its pictures have heat maps."""
        if self.heated is not None:
            return self.heated
        return any(card.thumbnail.heat for card in self.cards)

    @property
    def has_before(self) -> bool:
        """Whether the picture before can be seen of some."""
        if self.compared is not None:
            return self.compared
        return any(card.original and card.original.before is not None for card in self.cards)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: its heading and its HTML, in which all that comes from disk is escaped.

    One that is `folded` is opened by its heading. A gallery grows as one scrolls, so that nothing
    below it is ever reached: what else there is stands above it, and folded to leave it in sight.
    """

    heading: str
    content: str
    folded: bool = False


def build(
    title: str, summary: str, sections: Sequence[Section], gallery: Gallery, *, origin: str = ""
) -> str:
    """Return a page; `title`, `summary` and `origin` are texts, which are escaped here."""
    return "".join(build_pieces(title, summary, sections, gallery, origin=origin))


def build_pieces(
    title: str, summary: str, sections: Sequence[Section], gallery: Gallery, *, origin: str = ""
) -> Iterator[str]:
    """Yield a page piece by piece, so that its many cards need not be in memory at once."""
    folder = files("anomsynth.pages")
    keys = ["o outlines", "m mask"]
    if gallery.has_heat:
        keys.append("h heat")
    if gallery.has_before:
        keys.append("b before")
    parts = {
        "style": folder.joinpath("page.css").read_text("utf-8"),
        "script": folder.joinpath("page.js").read_text("utf-8"),
        "title": html.escape(title),
        "summary": html.escape(summary),
        "origin": html.escape(origin),
        "sections": "\n".join(_sections(sections)),
        "keys": ", ".join(keys),
    }
    # In one pass: a file called @data@ must not be filled in.
    template = TOKEN.split(folder.joinpath("page.html").read_text("utf-8"))
    for nth, text in enumerate(template):  # in turn what stands there and the name of a part
        if nth % 2 and text == "data":
            yield from _data(gallery)
        else:
            yield parts[text] if nth % 2 else text


def _data(gallery: Gallery) -> Iterator[str]:
    """Yield what the script knows of the gallery, as JSON."""
    known = {
        "facets": list(gallery.facets),
        "worst": gallery.worst,
        "what": gallery.what,
        "span": list(gallery.span),
        "limit": gallery.limit,
    }
    yield _json(known).removesuffix("}")
    yield ',"sources":['
    yield from _listed(map(_json, gallery.sources))
    yield '],"samples":['
    yield from _listed(_json(_sample(card)) for card in gallery.cards)
    yield "]}"


def _listed(entries: Iterable[str]) -> Iterator[str]:
    for nth, entry in enumerate(entries):
        yield f",{entry}" if nth else entry


def gallery_section(heading: str, gallery: Gallery, before: str = "") -> Section:
    """Return the section with the filters and the pictures, after the HTML `before`."""
    choices = "".join(
        f'<label>{name} <select id="{name}"></select></label>' for name in gallery.facets
    )
    low, high = gallery.span
    bounds = f'type="number" min="{low:g}" max="{high:g}" step="{(high - low) / 20:g}"'
    last = gallery.facets[-1]
    boxes = (
        '<label><input id="outlines" type="checkbox" checked> outlines (o)</label>'
        '<label><input id="masks" type="checkbox"> mask (m)</label>'
    )
    if gallery.has_heat:
        boxes += '<label><input id="heat" type="checkbox" checked> heat (h)</label>'
    form = (
        f'<form id="filters" onsubmit="return false">{choices}'
        f'<label>{gallery.what} from <input id="low" {bounds} value="{low:g}"></label>'
        f'<label>to <input id="high" {bounds} value="{high:g}"></label>'
        f'<label>sort <select id="sort"><option value="worst">{gallery.orders[0]}</option>'
        f'<option value="best">{gallery.orders[1]}</option><option value="name">by name</option>'
        f'<option value="kind">by {last}</option></select></label>'
        f'{boxes}<output id="count" aria-live="polite"></output></form>'
    )
    grid = '<div id="grid" class="grid" role="list"></div><div id="more"></div>'
    return Section(heading, f"{before}{form}{grid}")


HISTOGRAMS = '<p>Click a bar to see its pictures.</p><div id="histograms" class="charts"></div>'


def row(cells: Sequence[object], tag: str = "td") -> str:
    """Return a row of a table; texts are escaped, numbers aligned."""
    shown = "".join(f"<{tag}{_class(cell)}>{html.escape(_text(cell))}</{tag}>" for cell in cells)
    return f"<tr>{shown}</tr>"


def _sections(sections: Sequence[Section]) -> Iterator[str]:
    """Yield the sections, those that are folded and follow each other side by side."""
    for folded, several in groupby(sections, key=attrgetter("folded")):
        shown = "\n".join(map(_section, several))
        yield f'<div class="folds">{shown}</div>' if folded else shown


def _section(section: Section) -> str:
    name = re.sub(r"\W+", "-", section.heading.lower())
    heading = f'<h2 id="h-{name}">{html.escape(section.heading)}</h2>'
    if section.folded:
        return f"<details><summary>{heading}</summary>{section.content}</details>"
    return f'<section aria-labelledby="h-{name}">{heading}{section.content}</section>'


def _text(cell: object) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _class(cell: object) -> str:
    """Return what sets numbers apart: aligned, and those that say there is none dimmed."""
    if isinstance(cell, str):
        return ""
    return ' class="n none"' if cell == 0 else " class=n"


def _sample(card: Card) -> dict[str, object]:
    sample: dict[str, object] = {
        "path": card.path,
        **card.facets,
        "score": round(card.score, 4),
        "note": card.note,
        "facts": card.facts,
        "parts": [list(pair) for pair in card.parts],
        "table": [list(pair) for pair in card.table],
        "reasons": list(card.reasons),
        "thumb": _image(card.thumbnail),
    }
    if card.rank is not None:
        sample["rank"] = round(card.rank, 4)
    if card.large is not None:
        sample["large"] = _image(card.large)
    if card.original is not None:
        whole = card.original
        sample["original"] = {
            "file": whole.file,
            "w": whole.width,
            "h": whole.height,
            "outline": whole.outline,
            "before": whole.before,
        }
    return sample


def _image(thumbnail: Thumbnail) -> dict[str, object]:
    image: dict[str, object] = {
        "uri": thumbnail.uri,
        "w": thumbnail.width,
        "h": thumbnail.height,
        "outline": thumbnail.outline,
    }
    return {**image, "heat": thumbnail.heat} if thumbnail.heat else image


def _json(value: object) -> str:
    """Return JSON that may stand in a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

"""A page that leads from photos to found defects: what was done, what came of it, where it is."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from anomsynth.dataset.files import make_folder, write_bytes

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-bottom: .2rem; }
section { border-top: 1px solid #8884; padding: .4rem 0 1rem; }
code { background: #8882; padding: .15rem .4rem; overflow-wrap: anywhere; }
.warning { border-left: .3rem solid #d80; padding-left: .7rem; }
img { max-width: 100%; border: 1px solid #8884; }
"""


@dataclass(frozen=True, slots=True)
class Stop:
    """One step on the way.

    Attributes
    ----------
    heading : str
        What was done.
    command : str
        Does this step alone.
    told : str
        What came of it.
    look : Path or None
        Page or picture to look at.
    warning : str
        Why not to believe it too much; empty if nothing speaks against it.
    """

    heading: str
    command: str
    told: str
    look: Path | None
    warning: str = ""


def write_journey(page: Path, photos: str, stops: Sequence[Stop]) -> None:
    """Write the page; what it shows lies beside it and is linked.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    sections = "\n".join(_section(number, stop, page) for number, stop in enumerate(stops, start=1))
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(photos)}: from photos to defects</title><style>{STYLE}</style></head>"
        f"<body><h1>From the good photos in {escape(photos)} to found defects</h1>"
        "<p>Each step can be done again alone, by its command and with other options.</p>"
        f"{sections}</body></html>\n"
    )
    make_folder(page.parent)
    write_bytes(page, text.encode(), page.parent)


def _section(number: int, stop: Stop, page: Path) -> str:
    look = ""
    if stop.look is not None:
        link = quote(Path(os.path.relpath(stop.look.resolve(), page.parent.resolve())).as_posix())
        picture = stop.look.suffix == ".png"
        shown = f'<img src="{link}" alt="{escape(stop.told)}">' if picture else stop.look.name
        look = f'<p><a href="{link}">{shown}</a></p>'
    doubt = f'<p class="warning">{escape(stop.warning)}</p>' if stop.warning else ""
    return (
        f"<section><h2>{number}. {escape(stop.heading)}</h2><p>{escape(stop.told)}</p>{doubt}"
        f"<p><code>{escape(stop.command)}</code></p>{look}</section>"
    )

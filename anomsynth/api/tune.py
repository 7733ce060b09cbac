"""A local page with sliders: how often, how large, how strong, on one's own photos."""

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from anomsynth.api.options import (
    AUTO,
    FilePath,
    Preset,
    RecipeOptions,
    choose_recipe,
    command_line,
    to_path,
)
from anomsynth.dataset.paths import exists, is_dir
from anomsynth.errors import OutputError, UserError
from anomsynth.pipeline.auto import choose_presets
from anomsynth.pipeline.events import Listener, PresetChosen
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.tried import find_tried
from anomsynth.tuning.server import TuningServer
from anomsynth.tuning.settings import Settings
from anomsynth.tuning.studio import Studio

MOST_PHOTOS = 12  # of a folder that the page offers


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was saved while the page was open.

    Attributes
    ----------
    recipe : Path or None
        None if nothing was saved.
    masks : tuple of Path
        Masks of the photos whose part was drawn.
    command : str
        Makes a dataset with them; empty if nothing was saved.
    """

    recipe: Path | None
    masks: tuple[Path, ...]
    command: str


def tune(
    photos: FilePath | Sequence[FilePath],
    *,
    preset: Preset = AUTO,
    out: FilePath = "recipe.toml",
    masks: FilePath = "part",
    seed: int | None = None,
    mm_per_px: float | None = None,
    roi: FilePath | None = None,
    avoid: FilePath | None = None,
    components: FilePath | None = None,
    textures: FilePath | None = None,
    real: FilePath | None = None,
    overwrite: bool = False,
    port: int = 0,
    on_event: Listener | None = None,
    on_ready: Callable[[str], object] | None = None,
) -> Tuned:
    """Serve a page on which a recipe is tuned, until it is ended there or by Ctrl-C.

    It is served to this machine only, at an address that holds a secret word, and needs no network.

    Parameters
    ----------
    photos : path, or paths
        Photos of a good part, or folders of them, of which up to 12 are shown.
    preset : str, path or Recipe
        What the sliders begin with; "auto" as for `preview`.
    out : path that ends in ``.toml``
        Where "save recipe" writes.
    masks : path
        Folder for masks of photos whose part was drawn. Those of all other photos that are in the
        folder `photos` are written beside them, as they were found, for `generate` wants all.
    seed, mm_per_px, roi, avoid, components, textures, real
        As for `generate`.
    overwrite : bool
        Replace a recipe and masks that are there.
    port : int
        0 takes a free one.
    on_event : callable, optional
        Is told which preset ``"auto"`` chose, and why.
    on_ready : callable, optional
        Is told the address of the page when it can be opened.

    Returns
    -------
    Tuned

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If a photo or a mask cannot be read.
    OutputError
        If the recipe is there already.

    Examples
    --------
    A page that is ended at once:

    >>> import tempfile, pathlib, urllib.request, threading, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> Image.fromarray(asy.demo_photos()["metal"][0]).save(folder / "0.png")
    >>> def end(url):
    ...     request = urllib.request.Request(url + "end", data=b"{}")
    ...     threading.Thread(target=urllib.request.urlopen, args=(request,)).start()
    >>> asy.tune(folder / "0.png", out=folder / "mine.toml", on_ready=end).recipe is None
    True
    """
    place = Path(out)
    if place.suffix.lower() != ".toml":
        raise OutputError(f"`out`: expected a name that ends in .toml, got {str(place)!r}")
    if exists(place) and not overwrite:
        hint = "choose another name, or `overwrite=True`"
        raise OutputError(f"{place}: is there already", hint=hint)
    several = [photos] if isinstance(photos, str | os.PathLike) else photos
    given = [Path(one) for one in several]
    if not given:
        raise UserError("no photo given", hint="name a folder of good photos")
    options = RunOptions(
        roi=to_path(roi),
        avoid=to_path(avoid),
        components=to_path(components),
        textures=to_path(textures),
        real=to_path(real),
    )
    tried = find_tried(given, MOST_PHOTOS, options)
    units = tried.units
    wanted = RecipeOptions(seed=seed, mm_per_px=mm_per_px)
    if preset == AUTO:
        # The page has one recipe: that of the first category.
        first = units[0].category
        choice = choose_presets({first: tried.categories[first]})[first]
        if on_event is not None:
            on_event(PresetChosen("", choice.preset, choice.why))
        preset = choice.preset
    with tempfile.TemporaryDirectory() as scratch:
        studio = Studio(units, choose_recipe(preset, wanted), options, Path(scratch))
        saving = _Saving(studio, place, Path(masks), given, overwrite=overwrite)
        with TuningServer(studio, saving, port) as server:
            if on_ready is not None:
                on_ready(server.url)
            with suppress(KeyboardInterrupt):  # one way to end it
                server.serve_forever(poll_interval=0.1)
    return saving.saved


class _Saving:
    """Writes the recipe and the masks when the page asks for it, and remembers that."""

    def __init__(
        self,
        studio: Studio,
        recipe: Path,
        masks: Path,
        given: Sequence[Path],
        *,
        overwrite: bool,
    ) -> None:
        self._studio, self._recipe, self._masks, self._given = studio, recipe, masks, given
        self._overwrite = overwrite
        self.saved = Tuned(None, (), "")

    def __call__(self, settings: Settings) -> dict[str, object]:
        if self._studio.drawn and not self._overwrite and exists(self._masks):
            msg = f"{self._masks}: is there already, perhaps corrected by hand"
            raise OutputError(msg, hint="start again with another `masks`, or `overwrite=True`")
        text = self._studio.save(self._recipe, settings)
        written: tuple[Path, ...] = ()
        if self._studio.drawn:
            self._overwrite = True  # what is there from now on is of this page
            self._find_others()
            written = self._studio.save_parts(self._masks)
        command = self._command(bool(written))
        self.saved = Tuned(self._recipe, written, command)
        return {
            "recipe": str(self._recipe),
            "text": text,
            "masks": [str(path) for path in written],
            "next": command,
        }

    def _find_others(self) -> None:
        """Write the masks of all photos of the folders, as they are found, before those drawn."""
        from anomsynth.api.foreground import foreground  # noqa: PLC0415 - only if it is needed

        for place in self._given:
            if is_dir(place):
                foreground(place, self._masks, overwrite=True)

    def _command(self, drawn: bool) -> str:
        source = self._given[0] if is_dir(self._given[0]) else self._given[0].parent
        options = {"roi": self._masks} if drawn else {}
        return command_line("generate", source, "DATASET", preset=self._recipe, **options)

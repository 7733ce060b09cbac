"""Which backbones there are by name, without importing timm or torch, which takes seconds."""

import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from anomsynth.bisqad.options import LITE0
from anomsynth.errors import InputError, MissingExtraError

DEFINED = re.compile(r"^@register_model\s+def (\w+)", re.MULTILINE)


def check_backbone(name: str) -> None:
    """Raise unless there is such a network; `name` may have a tag of its weights, ``name.tag``.

    Raises
    ------
    InputError
        If there is none.
    MissingExtraError
        If it is one of timm's, which is not installed.
    """
    if name == LITE0:
        return
    spec = None if sys.modules.get("timm", True) is None else find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        msg = f"`backbone`: only {LITE0} goes without timm, which is not installed"
        raise MissingExtraError(msg, hint="pip install 'anomsynth[train]'")
    known: list[str] = []
    for place in spec.submodule_search_locations:
        for path in sorted(Path(place, "models").glob("*.py")):
            known += DEFINED.findall(path.read_text(encoding="utf-8", errors="replace"))
    # An empty list would mean that timm is written in another way now: it decides itself later.
    if known and name.partition(".")[0] not in known:
        raise no_backbone(name, known)


def no_backbone(name: str, known: Sequence[str]) -> InputError:
    """Return the error for a name that is not among the known ones."""
    near = [one for one in known if name in one] or get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else "timm.list_models() knows the names"
    return InputError(f"`backbone`: no backbone {name!r} in timm", hint=hint)

"""Pascal VOC: an XML file for each picture, with boxes around its objects (LabelImg and others).

M. Everingham et al., "The Pascal visual object classes (VOC) challenge", IJCV, 2010.
"""

from pathlib import Path
from xml.etree import ElementTree as ET

from anomsynth.errors import InputError


def read_voc(path: Path) -> tuple[str, ...]:
    """Return the names of the objects on a picture; their boxes are no masks and are passed over.

    Raises
    ------
    InputError
        If the file cannot be read, is none of VOC's, or an object has no name.
    """
    try:
        # Expat from 2.4.1 on, which Python brings, refuses entities that grow.
        root = ET.parse(path).getroot()  # noqa: S314 - see above
    except (OSError, ET.ParseError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read as XML: {error}", hint="export it anew"
        ) from error
    if root.tag != "annotation":
        raise InputError(f"{path}: not a file of Pascal VOC", hint="it has annotation at its top")
    names = [(one.findtext("name") or "").strip() for one in root.iter("object")]
    if not all(names):
        msg = f"{path}: object {names.index('') + 1} has no name"
        raise InputError(msg, hint="name it in the labelling tool")
    return tuple(names)

"""Pascal VOC: an XML file for each picture, with boxes around its objects (LabelImg and others).

M. Everingham et al., "The Pascal visual object classes (VOC) challenge", IJCV, 2010.
"""

from pathlib import Path

from anomsynth.dataset.annotations.xml_file import read_xml
from anomsynth.errors import InputError


def read_voc(path: Path) -> tuple[str, ...]:
    """Return the names of the objects on a picture; their boxes are no masks and are passed over.

    Raises
    ------
    InputError
        If the file cannot be read, is none of VOC's, or an object has no name.
    """
    root = read_xml(path)
    if root.tag != "annotation":
        raise InputError(f"{path}: not a file of Pascal VOC", hint="it has annotation at its top")
    names = [(one.findtext("name") or "").strip() for one in root.iter("object")]
    if not all(names):
        msg = f"{path}: object {names.index('') + 1} has no name"
        raise InputError(msg, hint="name it in the labelling tool")
    return tuple(names)

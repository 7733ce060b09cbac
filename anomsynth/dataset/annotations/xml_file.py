"""XML files of labelling tools."""

from pathlib import Path
from xml.etree import ElementTree as ET

from anomsynth.errors import InputError


def read_xml(path: Path) -> ET.Element:
    """Return the element at the top of a file.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        # Expat from 2.4.1 on, which Python brings, refuses entities that grow.
        return ET.parse(path).getroot()  # noqa: S314 - see above
    except (OSError, ET.ParseError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read as XML: {error}", hint="export it anew"
        ) from error

"""Boxes of all defects in one table, beside the images."""

import csv
import io
from typing import Annotated, Literal

from pydantic import Field

from anomsynth.plugins import Exporter, Source, Staging, parameter

COLUMNS = ("image", "kind", "left", "top", "width", "height")


class BoxesCsv(Exporter):
    """Folder ``images`` and ``boxes.csv``, one line a defect; good images have none."""

    kind: Literal["boxes_csv"] = "boxes_csv"
    separator: Annotated[str, Field(min_length=1, max_length=1)] = parameter(
        ",", "", "Sign between two columns."
    )
    least_area: Annotated[int, Field(ge=0)] = parameter(0, "px^2", "Smaller defects are left out.")

    def write(self, source: Source, out: Staging) -> None:
        """Write the images and the table; see the base class."""
        text = io.StringIO()
        table = csv.writer(text, delimiter=self.separator, lineterminator="\n")
        table.writerow(COLUMNS)
        for loaded in source.load():
            picture = loaded.picture
            name = f"images/{picture.flat}{picture.path.suffix.lower()}"
            out.image(name, picture.path)
            for item in loaded.instances:
                if item.area_px >= self.least_area:
                    table.writerow([name, item.kind, *item.xywh])
        out.text("boxes.csv", text.getvalue())

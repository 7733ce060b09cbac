"""What the user may choose about a run besides its recipe."""

from importlib.util import find_spec
from numbers import Integral
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from anomsynth.dataset.compression import PngEffort
from anomsynth.dataset.reading import make_reading
from anomsynth.dataset.scans import ScanReading
from anomsynth.dataset.tiff import Reading
from anomsynth.errors import MissingExtraError, UserError
from anomsynth.pipeline.lights import GivenLight
from anomsynth.pipeline.sweep import Sweep
from anomsynth.relief.grids import Sense

FOLDERS = ("roi", "avoid", "components", "textures", "real")

Backend = Literal["loky", "threading", "dask"]
Purpose = Literal["anomalib"]
OutLayout = Literal["mvtec", "folder"]
Extra = Literal["soft", "class", "instance", "foreground", "height", "normals", "strict"]


class RunOptions(BaseModel):
    """Choices of one run.

    Attributes
    ----------
    per_image : int
        Samples made of each photo; `count` replaces it.
    count : int or None
        Samples per category, spread evenly over its photos.
    purpose : {"anomalib"} or None
        What the dataset is for. anomalib chooses its threshold on the test set: two samples are
        made of each good test photo, which training does not see, and none of the others, instead
        of `per_image` or `count`. Where no photo is kept for testing there are two of all.
    sweep : Sweep or None
        The grid of a sweep: its defects are made, one a picture, instead of drawn ones; all good
        photos go to test/good.
    jobs : int
        Worker processes; -1 is one per core, -2 one less. Never changes what is made.
    backend : {"loky", "threading", "dask"}
        What the workers are: processes, threads of this process, or processes of a Dask cluster.
    scheduler : str or None
        Address of the cluster's scheduler; without it the cluster is started on this machine (a
        script that does so needs ``if __name__ == "__main__":``, as its processes import it).
    shard : (int, int) or None
        ``(i, n)``: make only the i-th of n parts of the dataset, i from 1; `merge` joins them.
    png : {"fast", "small"}
        How hard pictures are compressed; their pixels are the same.
    roi, avoid : path or None
        Folder of masks named like the photos: where the part is, and where no defect may go.
    components : path or None
        Folder of masks of the part's components, for missing and swapped ones.
    textures : path or None
        Folder of pictures to take foreign textures from.
    real : path or None
        Marked, real defects for mechanisms that set them into the photos.
    test_share : float in [0, 1]
        Share of the good photos that goes to test/good instead of train/good.
    link : {"copy", "hardlink"}
        How 8-bit PNG photos come into the dataset; everything else is converted.
    max_side : int or None
        Larger photos are made smaller first, masks that go with them too.
    keep_names : bool
        File names go on with the name of their photo: ``000012_IMG_2034.png``.
    out_layout : {"mvtec", "folder"}
        "folder" is the same tree whose good photos may be JPEG as they are, for loaders that take
        folders of pictures of any kind; loaders of MVTec AD want PNG.
    extras : masks written beside the dataset
    source_layout : str or None
        How the source is laid out, see `find_source`; recognised by default.
    bits : int from 8 to 16, or None
        How many bits the camera uses of 16-bit photos; found in the photos by default.
    value_range : (float, float) or None
        What is black and white of photos of floating-point, signed or 32-bit numbers.
    bands : tuple of str
        Bands to look at of photos that have more than a colour picture; empty for all.
    depth_unit : float or None
        Millimeters per unit of the coordinates of scans, or per level of depth maps; with it
        pictures are taken for depth maps.
    depth_sense : {"depth", "height"} or None
        Whether z of scans, or the levels of depth maps, grow away from the sensor or towards it;
        by default as `read_scan` takes them.
    tree_depth : {8, 16}
        Bits of the tree's pictures where photos have 16; 16 keeps the camera's own levels.
    views : tuple of str
        Names of the views of a part that was photographed in several lights; the first is the one
        that stands in the tree.
    lights : tuple of GivenLight
        Lights of views, where they are known.
    resume, overwrite : bool
        What to do with a non-empty output folder.
    strict : bool
        Stop at the first photo that cannot be used.
    environment : (name, value) of variables
        Where choices were taken from, recorded and nothing else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_image: int = Field(default=2, ge=1)
    count: int | None = Field(default=None, ge=1)
    purpose: Purpose | None = None
    sweep: Sweep | None = None
    jobs: int = 1
    backend: Backend = "loky"
    scheduler: str | None = None
    shard: tuple[int, int] | None = None
    png: PngEffort = "fast"
    roi: Path | None = None
    avoid: Path | None = None
    components: Path | None = None
    textures: Path | None = None
    real: Path | None = None
    test_share: float = Field(default=0.2, ge=0, le=1)
    link: Literal["copy", "hardlink"] = "copy"
    extras: tuple[Extra, ...] = ()
    source_layout: str | None = None
    bits: int | None = Field(default=None, ge=8, le=16)
    value_range: tuple[float, float] | None = None
    bands: tuple[str, ...] = ()
    depth_unit: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    depth_sense: Sense | None = None
    tree_depth: Literal[8, 16] = 8
    max_side: int | None = Field(default=None, ge=64)
    keep_names: bool = False
    out_layout: OutLayout = "mvtec"
    views: tuple[str, ...] = ()
    lights: tuple[GivenLight, ...] = ()
    resume: bool = False
    overwrite: bool = False
    strict: bool = False
    environment: tuple[tuple[str, str], ...] = ()

    @field_validator("shard")
    @classmethod
    def _is_one_of_all(cls, shard: tuple[int, int] | None) -> tuple[int, int] | None:
        if shard is not None and not 1 <= shard[0] <= shard[1]:
            raise ValueError("should be (i, n) with i from 1 to n")
        return shard

    @property
    def reading(self) -> Reading:
        """What the user says about the files of photos.

        Raises
        ------
        UserError
            If it is not valid.
        """
        return make_reading(self.value_range, self.bands or None)

    @property
    def scan_reading(self) -> ScanReading:
        """What the user says about the files of scans."""
        return ScanReading(self.depth_unit, self.depth_sense)

    def folders(self) -> dict[str, Path | None]:
        """Return the folders of pictures and masks that go with the photos, by option."""
        return {name: getattr(self, name) for name in FOLDERS}

    def no_photos(self) -> list[Path]:
        """Return those of the folders that are given: where they lie among the photos, none is."""
        return [folder for folder in self.folders().values() if folder is not None]

    def check_workers(self) -> None:
        """Check that there can be workers.

        Raises
        ------
        UserError
            If there are to be none, or a scheduler is named that nobody asks.
        MissingExtraError
            If Dask is wanted and not installed.
        """
        check_jobs(self.jobs)
        if self.scheduler is not None and self.backend != "dask":
            msg = f"a scheduler is of no use to the backend {self.backend!r}"
            raise UserError(msg, hint="add `backend='dask'`, or leave `scheduler` out")
        if self.backend == "dask" and find_spec("distributed") is None:
            msg = "the backend 'dask' needs the package distributed"
            raise MissingExtraError(msg, hint="pip install 'anomsynth[dask]'")


def check_jobs(jobs: object) -> None:
    """Raise UserError if a number of worker processes is 0, or no whole number."""
    if not isinstance(jobs, Integral) or jobs == 0:
        hint = "use 1 or more, -1 for one per core, -2 for one less"
        raise UserError(f"`jobs`: expected a number of processes, got {jobs!r}", hint=hint)

"""Noise, blur and compression are read from photos of which they are known."""

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from anomsynth.core.types import Camera, Jpeg
from anomsynth.surface.camera import fit_line, measure_camera
from anomsynth.surface.compression import standard_tables


def expose(scene: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.clip(np.rint(scene), 0, 255).astype(np.uint8)[..., None]


def noise(size: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal((size, size))


def stripes(size: int, spread: float, angle: float) -> NDArray[np.float64]:
    """Render sharp stripes, blur them by `spread` pixels and let each pixel average its square."""
    fine = 8
    row, col = np.mgrid[: size * fine, : size * fine] / fine
    bright = ((col * np.cos(angle) + row * np.sin(angle)) // 23) % 2 > 0
    blurred = cv2.GaussianBlur(np.where(bright, 170.0, 60.0), (0, 0), spread * fine)
    return cv2.resize(blurred, (size, size), interpolation=cv2.INTER_AREA)


def texture(hurst: float, sd: float) -> NDArray[np.float64]:
    """Return a fractal (fBm) surface around middle grey."""
    spectrum = np.fft.rfft2(noise(512))
    frequency = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.rfftfreq(512))
    frequency[0, 0] = np.inf
    rough = np.fft.irfft2(spectrum * frequency ** -(hurst + 1))
    return 128 + sd * rough / rough.std()


def compress(grey: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def middle_sd(camera: Camera) -> float:
    return float(camera.noise_sd(np.float32([128]))[0])


@pytest.mark.parametrize("size", [64, 256, 700])
@pytest.mark.parametrize("sd", [1, 3, 8])
def test_noise_on_a_flat_surface_is_measured_within_an_eighth(size: int, sd: float) -> None:
    camera = measure_camera(expose(128 + sd * noise(size)))

    assert middle_sd(camera) == pytest.approx(sd, rel=0.125)


def test_noise_of_16_bit_pixels_is_in_levels_of_255() -> None:
    photo = np.rint(257 * (128 + 2 * noise(200))).astype(np.uint16)[..., None]

    assert middle_sd(measure_camera(photo)) == pytest.approx(2, rel=0.1)


def test_noise_grows_with_light_as_it_does() -> None:
    level = np.linspace(10, 240, 400)[None, :] * np.ones((400, 1))

    camera = measure_camera(expose(level + np.sqrt(0.05 * level + 1) * noise(400)))

    assert camera.noise_slope == pytest.approx(0.05, rel=0.2)
    for grey in (30, 200):
        expected = np.sqrt(0.05 * grey + 1)
        assert camera.noise_sd(np.float32([grey]))[0] == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(("hurst", "most"), [(0.1, 3.1), (0.5, 1.3), (0.9, 1.1)])
def test_texture_is_not_taken_for_noise(hurst: float, most: float) -> None:
    camera = measure_camera(expose(texture(hurst, 12) + noise(512, seed=1)))

    assert 0.8 < middle_sd(camera) < most


def test_a_picture_without_noise_has_none() -> None:
    camera = measure_camera(np.full((100, 100, 1), 90, np.uint8))

    assert camera == Camera(noise_slope=0.0, noise_floor=0.0, blur_px=0.5, sharpest_px=0.4)


def test_painted_areas_do_not_hide_the_noise_of_the_rest() -> None:
    scene = 128 + 3 * noise(256)
    scene[:, :128] = 60

    assert middle_sd(measure_camera(expose(scene))) == pytest.approx(3, rel=0.15)


def test_the_noise_line_never_falls() -> None:
    slope, floor = fit_line(np.array([20.0, 100, 200]), np.array([9.0, 4, 1]))

    assert slope == 0
    assert floor > 0


@pytest.mark.parametrize("spread", [0.3, 0.8, 1.2, 2.5])
@pytest.mark.parametrize("angle", [0.03, 0.3, 0.78])
def test_blur_is_measured_within_a_sixth(spread: float, angle: float) -> None:
    camera = measure_camera(expose(stripes(160, spread, angle) + 1.5 * noise(160)))

    # The pixel's own square adds a twelfth of variance.
    assert camera.blur_px == pytest.approx(np.sqrt(spread**2 + 1 / 12), rel=0.17)
    assert camera.sharpest_px <= camera.blur_px


def test_blur_of_a_large_photo_is_found_where_its_edges_are() -> None:
    scene = np.full((1500, 1500), 115.0)
    fade = np.outer(np.hanning(160), np.hanning(160))
    scene[600:760, 900:1060] += fade * (stripes(160, 1.2, 0.3) - 115)

    camera = measure_camera(expose(scene + noise(1500)))

    assert camera.blur_px == pytest.approx(np.sqrt(1.2**2 + 1 / 12), rel=0.15)


def test_without_edges_blur_is_the_default() -> None:
    camera = measure_camera(expose(128 + 2 * noise(200)))

    assert (camera.blur_px, camera.sharpest_px) == (0.5, 0.4)


@pytest.mark.parametrize("name", ["brick", "gravel", "camera"])
@pytest.mark.parametrize("quality", [25, 50, 75, 90])
def test_jpeg_is_recognised_with_its_table(name: str, quality: int) -> None:
    grey = getattr(data, name)()[:300, :300]

    jpeg = measure_camera(compress(grey, quality)[..., None]).jpeg

    assert jpeg is not None
    assert (jpeg.row, jpeg.col) == (0, 0)
    assert (jpeg.luma, jpeg.chroma) == standard_tables(quality)


def test_standard_tables_are_those_of_pillow() -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(file, "JPEG", quality=80)

    tables = Image.open(file).quantization

    assert standard_tables(80) == (tuple(tables[0]), tuple(tables[1]))


def test_jpeg_grid_of_a_crop_is_found() -> None:
    crop = compress(data.camera(), 70)[3:, 5:, None]

    jpeg = measure_camera(np.ascontiguousarray(crop)).jpeg

    assert jpeg is not None
    assert (jpeg.row, jpeg.col) == (5, 3)


def test_jpeg_is_recognised_in_colour() -> None:
    colour = np.stack([data.camera()[:256, :256], data.brick()[:256, :256]] * 2, axis=2)[..., :3]

    jpeg = measure_camera(compress(np.ascontiguousarray(colour), 75)).jpeg

    assert jpeg is not None
    assert jpeg.luma == standard_tables(75)[0]


@pytest.mark.parametrize("name", ["brick", "grass", "gravel", "camera", "moon"])
def test_pictures_without_compression_show_none(name: str) -> None:
    assert measure_camera(getattr(data, name)()[..., None]).jpeg is None


def test_pure_noise_shows_no_compression() -> None:
    assert all(
        measure_camera(expose(128 + 9 * noise(160, seed))).jpeg is None for seed in range(20)
    )


def test_compression_named_by_the_file_is_kept() -> None:
    named = Jpeg(*standard_tables(33), row=1, col=2)

    assert measure_camera(expose(128 + noise(64)), named).jpeg is named

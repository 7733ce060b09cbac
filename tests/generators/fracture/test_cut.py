"""Cuts open as an ellipse, stay dark inside and fray where yarns were cut."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.paths import arc_length
from anomsynth.generators.fracture import cut as cut_module
from anomsynth.generators.fracture.cut import Cut, slit_opening
from anomsynth.surface.analyze import analyze
from anomsynth.testing import check_generator, make_surface

PLAIN = {"fray": "never", "stiffness": 1e6, "variation": 0, "lip_height": 0}


def centred(side: int = 300, mm_per_px: float = 0.1):
    middle = np.array([[side // 2, side // 2]], dtype=np.int32)
    return replace(make_surface(side, side, mm_per_px=mm_per_px, border=0), sites=middle)


@pytest.mark.parametrize("fray", ["auto", "never", "always"])
def test_keeps_the_generator_contract(fray: str) -> None:
    check_generator(Cut(fray=fray))
    check_generator(Cut(fray=fray), make_surface(channels=3))
    check_generator(Cut(fray=fray), make_surface(9, 11, border=1))


def test_opens_as_an_ellipse() -> None:
    assert slit_opening(np.array([-1, -0.6, 0, 0.8])) == pytest.approx([0, 0.8, 1, 0.6])
    for seed in range(3):
        layer = Cut(length=0.5, width=0.1, **PLAIN).generate(centred(), stream(seed))
        # Half axes of 75 and 7.5 pixels.
        assert layer.measured["widest_px"] == pytest.approx(15, rel=0.02)
        assert layer.coverage.sum(dtype=float) == pytest.approx(np.pi * 75 * 7.5, rel=0.02)


def test_size_does_not_depend_on_resolution() -> None:
    areas = [
        Cut(length=0.4, width=0.08, **PLAIN)
        .generate(centred(200 * scale, 0.1 / scale), stream(1))
        .measured["area_px"]
        / scale**2
        for scale in (1, 2)
    ]

    assert areas[1] == pytest.approx(areas[0], rel=0.03)


def test_lips_curl_up() -> None:
    layer = Cut(length=0.5, width=0.1, lip_height=0.3, lip_width=1, fray="never").generate(
        centred(), stream(0)
    )

    assert 0.3 * 0.3 * 1.5 < layer.height.max() <= 0.3 * 1.5 * 1.5


def test_threads_lighten_the_gap_one_at_each_yarn() -> None:
    bare = Cut(length=0.5, width=0.14, albedo=0.2, **PLAIN).generate(centred(), stream(5))
    frayed = Cut(
        length=0.5,
        width=0.14,
        albedo=0.2,
        yarn_spacing_mm=0.8,
        thread_length=0.6,
        **{**PLAIN, "fray": "always"},
    ).generate(centred(), stream(5))

    gap = bare.coverage > 0.99
    threaded = frayed.albedo[
        bare.origin[0] - frayed.origin[0] :, bare.origin[1] - frayed.origin[1] :
    ][: gap.shape[0], : gap.shape[1]][gap]
    assert (bare.albedo[gap] < 0.55).mean() > 0.8
    assert 0.05 < (threaded > 0.6).mean() - (bare.albedo[gap] > 0.6).mean() < 0.7
    # 150 pixels, a yarn every 8, two lips; uncut ones count once.
    assert frayed.measured["threads"] == pytest.approx(2 * 150 / 8, rel=0.15)


def test_threads_are_as_unlike_as_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    bundles = []

    def spy(found, threads, *rest):
        bundles.append(threads)
        return lay_threads(found, threads, *rest)

    lay_threads = cut_module._with_threads
    monkeypatch.setattr(cut_module, "_with_threads", spy)
    alike = {"thread_scatter": 1, "thread_albedo_scatter": 0}
    for options in ({}, alike):
        cut = Cut(
            length=0.5,
            width=0.14,
            thread_length=0.9,
            bridge_probability=0,
            fray="always",
            **options,
        )
        cut.generate(centred(), stream(5))

    usual, same = bundles
    assert np.std([np.log(thread.tone) for thread in usual]) == pytest.approx(0.3, rel=0.3)
    assert {thread.tone for thread in same} == {1.0}

    def reach(thread) -> float:
        return float(arc_length(thread.stroke.points)[-1])

    # As long as the gap is wide there: the longest of them in the middle of the cut.
    longest = 0.9 * 0.14 * 150 * 1.3
    assert max(map(reach, same)) == pytest.approx(longest, rel=0.1)
    assert max(map(reach, usual)) > 1.1 * longest


def test_frays_by_itself_only_on_a_weave() -> None:
    row, col = np.mgrid[:200, :200]
    weave = 110 + 30 * np.sin(2 * np.pi * row / 6) * np.cos(2 * np.pi * col / 6)
    woven = analyze(weave.astype(np.uint8))

    frayed = Cut(length=0.3, width=0.1).generate(woven, stream(0))
    assert frayed.measured["threads"] > 5
    assert frayed.measured["yarn_px"] == pytest.approx(6 / np.sqrt(2), rel=0.06)
    assert Cut().generate(make_surface(), stream(0)).measured["threads"] == 0


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Cut().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fray", "maybe"),
        ("length", 2),
        ("width", 0),
        ("thread_length", 1.5),
        ("lip_height", -1),
        ("depth", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "cut", field: value})


def test_golden_coverage(golden) -> None:
    layer = Cut(length=0.3, fray="always").generate(make_surface(), stream(42, "golden"))

    golden("cut_coverage", layer.coverage)

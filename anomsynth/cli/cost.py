"""What a dry run says."""

from collections import Counter
from typing import TYPE_CHECKING

from anomsynth.cli.console import Console
from anomsynth.cli.summary import (
    depth_lines,
    ignored_line,
    light_lines,
    passed_over_lines,
)

if TYPE_CHECKING:
    from anomsynth.pipeline.estimate import Estimate
    from anomsynth.pipeline.plan import Plan


def print_plan(console: Console, plan: "Plan", cost: "Estimate") -> None:
    """Print what a run would make, category by category, and what it would cost."""
    photos: Counter[str] = Counter(unit.category for unit in plan.units)
    train: Counter[str] = Counter(unit.category for unit in plan.units if unit.split == "train")
    samples: Counter[str] = Counter()
    for unit in plan.units:
        samples[unit.category] += unit.samples
    counts = [(name, photos[name], train[name], samples[name]) for name in plan.categories]

    console.say(f"{plan.source} -> {plan.out}")
    names = sorted({repr(recipe.name) for recipe in plan.recipes.values()})
    console.say(f"recipe {', '.join(names)}: {', '.join(plan.kinds)}; seed {plan.seed}\n")
    console.table(
        ["category", "photos", "train/good", "test/good", "samples"],
        [
            [name, str(all_), str(good), str(all_ - good), str(made)]
            for name, all_, good, made in counts
        ],
    )
    for line in (*depth_lines(plan), *passed_over_lines(plan), *light_lines(plan)):
        console.say(line)
    if plan.ignored:
        console.say(ignored_line(plan))
    workplaces = "threads" if plan.options.backend == "threading" else "processes"
    memory = "" if cost.memory_bytes is None else f", {_size(cost.memory_bytes)} of memory"
    console.say(
        f"\nabout {_size(cost.size_bytes)} on disk, {_time(cost.seconds)} with {cost.workers}"
        f" {workplaces} ({cost.cpu_seconds:.0f} s of CPU){memory}"
        f"\nbasis: {cost.basis}\nnothing was written to {plan.out}"
    )
    console.result(
        out=str(plan.out),
        categories={
            name: {"photos": all_, "train": good, "samples": made}
            for name, all_, good, made in counts
        },
        samples=plan.samples,
        depths={category: depth.bits for category, depth in plan.depths.items()},
        ignored=plan.ignored,
        ignored_example=plan.ignored_example,
        size_bytes=cost.size_bytes,
        cpu_seconds=cost.cpu_seconds,
        seconds=cost.seconds,
        memory_bytes=cost.memory_bytes,
        workers=cost.workers,
        basis=cost.basis,
    )


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _time(seconds: float) -> str:
    if seconds >= 2 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"

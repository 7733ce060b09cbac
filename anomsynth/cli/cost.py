"""What a dry run says."""

from collections import Counter
from typing import TYPE_CHECKING

from anomsynth.cli.console import Console
from anomsynth.cli.summary import ignored_line

if TYPE_CHECKING:
    from anomsynth.pipeline.plan import Plan


def print_plan(console: Console, plan: "Plan") -> None:
    """Print what a run would make, category by category, and what it would cost."""
    from anomsynth.pipeline.backends import count_workers
    from anomsynth.pipeline.estimate import estimate

    cost = estimate(plan)
    workers = count_workers(plan.options.jobs)
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
    if plan.ignored:
        console.say(ignored_line(plan))
    minutes = cost.cpu_seconds / workers / 60
    time = f"{minutes:.0f} min" if minutes >= 2 else f"{60 * minutes:.0f} s"
    console.say(
        f"\nabout {cost.size_bytes / 1e6:.0f} MB, {time} with {workers} processes"
        f" ({cost.cpu_seconds:.0f} s of CPU)\nbasis: {cost.basis}\nnothing was written"
    )
    console.result(
        out=str(plan.out),
        categories={
            name: {"photos": all_, "train": good, "samples": made}
            for name, all_, good, made in counts
        },
        samples=plan.samples,
        ignored=plan.ignored,
        ignored_example=plan.ignored_example,
        size_bytes=cost.size_bytes,
        cpu_seconds=cost.cpu_seconds,
        basis=cost.basis,
    )

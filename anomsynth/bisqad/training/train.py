"""Training a detector on labelled defects whose weights are learned: a run from start to end."""

from anomsynth.bisqad.data.fresh import fresh_defects
from anomsynth.bisqad.data.samples import find_split
from anomsynth.bisqad.data.tiled_split import with_tiles
from anomsynth.bisqad.model.backbone_names import check_backbone
from anomsynth.bisqad.options import TrainPlan
from anomsynth.bisqad.training.events import TrainFinished, TrainListener
from anomsynth.bisqad.training.run_folder import check_folder, read_earlier
from anomsynth.dataset.metadata import check_writable


def train(plan: TrainPlan, on_event: TrainListener = lambda _: None) -> TrainFinished:
    """Train a detector and write its run folder.

    After each epoch, and when it is interrupted, a checkpoint is written; a resumed training
    goes on as if nothing had been, on a CPU bit for bit.

    Parameters
    ----------
    plan : TrainPlan
    on_event : callable
        Called with each `TrainEvent`.

    Returns
    -------
    TrainFinished

    Raises
    ------
    UserError
        If an option or the device does not work, or those of a resumed run differ.
    InputError
        If the dataset has no masks or one class only, or the checkpoint does not fit.
    OutputError
        If the folder holds something else or cannot be written to.
    KeyboardInterrupt
        After Ctrl-C, when the checkpoint is written.
    """
    options = plan.options
    check_backbone(options.backbone)
    if plan.cache is not None:
        check_writable(plan.cache)
    resumes = check_folder(plan.out, resume=plan.resume, overwrite=plan.overwrite)
    earlier = read_earlier(plan.out) if resumes else None
    if earlier is not None:
        options.check_same(earlier.options, plan.out)
    split = None
    if earlier is None or not earlier.finished:
        split = with_tiles(find_split(plan.dataset, options), options)
        if options.online:
            fresh_defects(split, 1, options.seed, 1)  # raises if nobody knows how to make them
    # Torch takes seconds to import: what can be wrong without it is said before.
    from anomsynth.bisqad.training import session  # noqa: PLC0415 - see above

    if split is None or resumes:
        return session.resume_session(plan, split, on_event)
    if not options.detector.takes_steps:
        return session.fit_session(plan, split, on_event)
    return session.begin_session(plan, split, on_event)

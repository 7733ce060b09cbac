"""Training a detector on labelled defects whose weights are learned: a run from start to end."""

from anomsynth.bisqad.data.samples import find_split, fresh_defects
from anomsynth.bisqad.options import TrainPlan
from anomsynth.bisqad.training.events import TrainFinished, TrainListener
from anomsynth.bisqad.training.run_folder import check_folder


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
    resumes = check_folder(plan.out, resume=plan.resume, overwrite=plan.overwrite)
    split = None if resumes else find_split(plan.dataset, options)
    if split is not None and options.online:
        fresh_defects(split, 1, options.seed, 1)  # raises if nobody knows how to make them
    # Torch takes seconds to import: what can be wrong without it is said before.
    from anomsynth.bisqad.training import session  # noqa: PLC0415 - see above

    if split is None:
        return session.resume_session(plan, on_event)
    return session.begin_session(plan, split, on_event)

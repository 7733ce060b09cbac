"""Who scores: the shipped estimator, one calibrated by the user, or a scorer by kind."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anomsynth.cli.choices import parse_words
from anomsynth.cli.fields import parse_fields
from anomsynth.errors import UserError

if TYPE_CHECKING:
    from anomsynth.sqe.scorer import Scorer


def load_scorer(
    calibration: Path | None = None,
    run: Path | None = None,
    kind: str | None = None,
    options: Sequence[str] = (),
) -> "Scorer":
    """Return a scorer that is ready to score.

    Parameters
    ----------
    calibration : Path or None
        Short for kind ``sqe`` with this calibration.
    run : Path or None
        Short for kind ``learned`` with this training run.
    kind : str or None
        Of the scorer; ``sqe`` if nothing is given.
    options : sequence of str
        Fields of the scorer, each ``name=value``.

    Raises
    ------
    UserError
        If several of them are given, or one of them cannot be used.
    """
    from anomsynth.sqe.scorer import scorers

    given = {"--sqe": run, "--calibration": calibration, "--scorer": kind}
    flags = [flag for flag, value in given.items() if value is not None]
    if len(flags) > 1:
        hint = "a learned score has no calibration" if kind is None else "give one of them"
        raise UserError(f"{' and '.join(flags)} exclude each other", hint=hint)
    if kind is None:
        kind = "sqe" if run is None else "learned"
    else:
        kind = parse_words("--scorer", kind, scorers.kinds())[0]
    fields = parse_fields({kind: scorers.load(kind)}, options)[kind]
    if calibration is not None:
        fields["calibration"] = calibration
    if run is not None:
        fields["run"] = run
    scorer = scorers.build({"kind": kind, **fields})
    scorer.prepare()
    return scorer

"""What fitting found, in a sentence."""

from collections import Counter
from collections.abc import Sequence

Guesses = Sequence[tuple[str, float]]  # kind and how likely, the likeliest first; "" is none

DOUBT = 0.4  # of the first guess's share, from which the second is worth a word
MOST_GROUPS = 4


def sentence(guesses: Sequence[Guesses], refused: int) -> str:
    """Return what real defects look like.

    Parameters
    ----------
    guesses : of each defect
    refused : pictures whose masks mark too much of the part

    Examples
    --------
    >>> crack, odd = [("crack", 0.7), ("cut", 0.3)], [("", 0.9), ("crack", 0.1)]
    >>> sentence([crack, crack, odd], 1)
    '2 of 3 defects look like crack or cut; 1 like nothing here; 1 is too large for a mask'
    """
    total = len(guesses)
    first = Counter(each[0][0] for each in guesses if each and each[0][0])
    parts = []
    for kind, count in first.most_common(MOST_GROUPS):
        own = [each for each in guesses if each[0][0] == kind]
        others = Counter(
            each[1][0] for each in own if each[1][0] and each[1][1] >= DOUBT * each[0][1]
        )
        also, times = next(iter(others.most_common(1)), ("", 0))
        named = f"{kind} or {also}" if 2 * times >= count else kind
        parts.append(f"{count} like {named}")
    rest = sum(first.values()) - sum(count for _, count in first.most_common(MOST_GROUPS))
    if rest:
        parts.append(f"{rest} like other mechanisms")
    unlike = total - sum(first.values())
    if unlike:
        parts.append(f"{unlike} like nothing here")
    if refused:
        parts.append(f"{refused} {'is' if refused == 1 else 'are'} too large for a mask")
    if not parts:
        return "no defect to explain"
    head, *others_ = parts
    number, _, what = head.partition(" ")
    defects = "defect looks" if total == 1 else "defects look"
    if head.endswith("mask"):
        return "; ".join(parts)
    return "; ".join([f"{number} of {total} {defects} {what}", *others_])

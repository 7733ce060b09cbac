"""Numbers with their nouns."""


def counted(number: int, what: str) -> str:
    """Return a number with its noun, which ends in s (or -ies, for -y) unless it is one.

    Examples
    --------
    >>> counted(1, "sample"), counted(2, "photo"), counted(0, "category")
    ('1 sample', '2 photos', '0 categories')
    """
    several = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else several}"

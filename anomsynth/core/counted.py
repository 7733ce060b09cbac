"""Numbers with their nouns."""


def counted(number: int, what: str) -> str:
    """Return a number with its noun, which ends in s unless it is one.

    Examples
    --------
    >>> counted(1, "sample"), counted(2, "photo")
    ('1 sample', '2 photos')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

"""What the scripts of this folder share."""

import sys

ANOMSYNTH = (sys.executable, "-c", "from anomsynth.cli.main import main; main()")


def tell(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()

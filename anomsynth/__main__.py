"""`python -m anomsynth`: the program."""

from anomsynth.cli.main import main

if __name__ == "__main__":
    main()

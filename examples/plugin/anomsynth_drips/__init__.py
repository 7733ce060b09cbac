"""Runs of glaze: an example of a package that extends anomsynth."""

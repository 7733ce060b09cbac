"""Detectors that a training can fit, one per file; file name = kind."""

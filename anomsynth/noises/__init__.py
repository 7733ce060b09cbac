"""Noise that disturbs features of good photos in training, one per file; file name = kind."""

"""Ways to score labelled images, one per file; file name = kind."""

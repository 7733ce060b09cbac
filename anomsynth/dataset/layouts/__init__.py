"""How datasets lie on disk, a file for those that are alike: what is good, and what marks what."""

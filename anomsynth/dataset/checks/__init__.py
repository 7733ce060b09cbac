"""What can be wrong with a dataset on disk, one topic per file."""

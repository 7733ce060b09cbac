"""Physical mechanisms, one per file, by family; the file name is the kind."""

"""Rates and filters datasets, of this package or any other."""

"""Recipes that are known by name wherever this package is installed."""

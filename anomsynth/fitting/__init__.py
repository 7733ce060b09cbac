"""Recipes from a few real defects: what they look like is compared with what mechanisms make."""

"""Measures a detector, and lets it judge photos."""

"""Colour changes: oxides, liquids, heat, ink."""

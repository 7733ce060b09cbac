"""Probability of detection: which sizes of flaws an inspection finds, and how surely."""

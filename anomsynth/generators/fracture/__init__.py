"""Brittle material comes apart: cracks, networks, impacts, chips, cuts."""

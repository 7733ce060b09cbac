"""File formats of depth maps and point clouds, one module each."""

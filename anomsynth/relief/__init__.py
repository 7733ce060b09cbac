"""Depth maps and point clouds: read, measured, dented and written back as they came."""

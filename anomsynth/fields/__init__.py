"""Pure array mathematics: noise, paths, points, distances, solvers. Knows no defects."""

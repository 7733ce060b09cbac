"""The offline page that shows a dataset, its scores and its rejects."""

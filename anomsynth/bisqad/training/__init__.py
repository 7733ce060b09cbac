"""A run of training, from options to its folder."""

"""Learns the weights of samples: hypergradients and reweighting."""

"""From photo to sample to dataset: render, solve visibility, label, run."""

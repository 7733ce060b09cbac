"""A local page on which a recipe is tuned: sliders, samples of one's own photos, a brush."""

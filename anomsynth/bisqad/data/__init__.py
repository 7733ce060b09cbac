"""What the training reads: samples, photos, features."""

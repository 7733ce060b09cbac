"""One sample: from a photo and a recipe to an image and its masks."""
